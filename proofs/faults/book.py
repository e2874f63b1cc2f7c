"""What a case is: a fault, the outcome that it must have, and a function that injects it and tells what it saw.

Outcomes: X the very numbers of an undisturbed run; Q the faulty rows in quarantine, each with its rule, the rest goes
on; R refused, the last publish stays; N neutralised or denied. `R→X` is first the one, then, once the fault is gone,
the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proofs.faults.rig import Rig

EXACT, QUARANTINED, REFUSED, NEUTRALISED, REFUSED_THEN_EXACT = "X", "Q", "R", "N", "R→X"
# The order in which groups run; a group shares one warehouse.
GROUPS = ("files", "data", "network", "security", "machine", "turn")


class Wrong(Exception):
    """The warehouse did something else than it must; the text says what."""


class CannotRun(Exception):
    """This machine doesn't allow the fault to be injected; the text says why."""


@dataclass(frozen=True)
class Seen:
    """What a case saw: its outcome and the evidence."""

    outcome: str
    evidence: str


Inject = Callable[["Rig"], Seen]


@dataclass(frozen=True)
class Case:
    """One fault. `expected` may hold several outcomes, each of them right; `is_quick` puts it into the short form."""

    id: str
    title_vi: str
    title_en: str
    expected: tuple[str, ...]
    group: str
    inject: Inject
    is_quick: bool = False

    @property
    def title(self) -> str:
        return f"{self.title_vi} · {self.title_en}"


BOOK: list[Case] = []


def case(
    case_id: str, title_vi: str, title_en: str, *expected: str, group: str, quick: bool = False
) -> Callable[[Inject], Inject]:
    """Write a case into the book; identifiers are unique."""
    if group not in GROUPS or any(known.id == case_id for known in BOOK):
        raise ValueError(f"{case_id}: unknown group or used twice")

    def written(inject: Inject) -> Inject:
        BOOK.append(Case(case_id, title_vi, title_en, expected, group, inject, quick))
        return inject

    return written


def demand(holds: object, otherwise: str) -> None:
    """Go on only if it holds."""
    if not holds:
        raise Wrong(otherwise)
