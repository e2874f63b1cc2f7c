"""Which rows of a load may repeat an earlier one: found while loading, where it costs next to nothing.

Eight bytes of each row's digest are kept until the load is whole. Those met more than once are written as the comment
of the inbound table, in hex; promotion compares only such rows in full. No comment means that nobody has looked.
"""

import numpy as np
import pyarrow as pa

from egov_kpi.raw.digest import REPEATED_BYTES

# More of them than this are looked for by Postgres when the time comes.
MAXIMUM_NOTED = 5000

_DIGEST_BYTES = 32


class Repetitions:
    """Collects digests batch by batch; 8 bytes a row."""

    def __init__(self) -> None:
        self._prefixes: list[np.ndarray] = []

    def add(self, digests: pa.Array) -> None:
        whole = digests.drop_null()
        words = np.frombuffer(whole.buffers()[2] or b"", dtype=">u8")
        first = whole.offset * _DIGEST_BYTES // REPEATED_BYTES
        step = _DIGEST_BYTES // REPEATED_BYTES
        self._prefixes.append(words[first : first + len(whole) * step : step].copy())

    def met_again(self) -> list[str] | None:
        """Prefixes, in hex, that more than one row has; None when they are too many to note."""
        prefixes = np.sort(np.concatenate(self._prefixes)) if self._prefixes else np.empty(0, dtype=">u8")
        repeated = np.unique(prefixes[1:][prefixes[1:] == prefixes[:-1]])
        if len(repeated) > MAXIMUM_NOTED:
            return None
        return [f"{int(prefix):0{REPEATED_BYTES * 2}x}" for prefix in repeated]
