"""Make the next batches while the last one is being copied: parsing and hashing on one core, Postgres on the other."""

import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

DEPTH = 2
T = TypeVar("T")


class Prefetched(Iterator[T]):
    """Iterates over batches made in a thread of its own; what ends them early is raised here."""

    def __init__(self, batches: Iterator[T]) -> None:
        self._error: BaseException | None = None
        self._batches = batches
        self._queue: queue.Queue[T | None] = queue.Queue(DEPTH)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load-prefetch", daemon=True)

    def __enter__(self) -> "Prefetched[T]":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        while self._thread.is_alive():
            self._drain()
            self._thread.join(0.01)

    def __next__(self) -> T:
        batch = self._queue.get()
        if batch is not None:
            return batch
        if self._error is not None:
            raise self._error
        raise StopIteration

    def _run(self) -> None:
        try:
            for batch in self._batches:
                self._queue.put(batch)
                if self._stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 (handed over to the thread that asked)
            self._error = error
        self._queue.put(None)

    def _drain(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
