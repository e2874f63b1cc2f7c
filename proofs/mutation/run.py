"""Plants every defect into every dataset that has the part, after the answer key is written, and asks the gate."""

import time
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egov_kpi.contracts.loader import get_contract
from egov_kpi.settings import Settings
from proofs.harness.cluster import Cluster
from proofs.mutation.datasets import DATASETS, Export
from proofs.mutation.defects import DEFECTS, Defect, Ground
from proofs.mutation.gatehouse import Gatehouse, Seen, open_gatehouse
from proofs.mutation.ground import PLANTED, Clean, build_history, clean_ground, province
from proofs.mutation.key import Answer, allowed_rules, write_key


@dataclass(frozen=True)
class Case:
    """One planted defect: what the key promised, and what was seen."""

    answer: Answer
    done: str
    seen: Seen
    seconds: float

    @property
    def is_caught(self) -> bool:
        """Kept out, and by a rule that the key names."""
        return self.seen.is_refused and bool(set(self.seen.rules) & set(self.answer.rules))


@dataclass(frozen=True)
class Planted:
    defect: Defect
    export: Export
    answer: Answer


def mutate(
    cluster: Cluster, seed: int, key_file: Path, kinds: Collection[str] = (), datasets: Collection[str] = DATASETS
) -> Iterator[Case]:
    """All cases of one seed: history, key, then the gate on each; `kinds` empty means all."""
    records = province(seed)
    with open_gatehouse(cluster) as gatehouse:
        for export, seen in build_history(gatehouse, records, datasets):
            if seen.verdict not in ("pass", "known"):
                raise RuntimeError(f"the history is not clean: {export.dataset.id} {export.window_to} {seen}")
        planted = list(plant(gatehouse.settings, clean_ground(records), seed, kinds, datasets))
        write_key(key_file, [item.answer for item in planted])
        for item in planted:
            yield _judged(gatehouse, item)


def plant(
    settings: Settings, ground: dict[str, Clean], seed: int, kinds: Collection[str], datasets: Collection[str]
) -> Iterator[Planted]:
    for name in datasets:
        dataset, clean = DATASETS[name], ground[name]
        for defect in DEFECTS:
            if name not in defect.only or (kinds and defect.kind not in kinds):
                continue
            dice = np.random.default_rng([seed, zlib.crc32(f"{defect.kind}|{name}".encode())])
            export = defect.plant(Ground(clean.export, clean.before, clean.last_month, dice))
            if export is not None:
                is_critical = defect.critical and get_contract(name).critical
                rules = allowed_rules(settings, dataset, defect.kind)
                case = f"{name} {defect.kind}" + (f" #{seed}" if seed > 1 else "")
                yield Planted(defect, export, Answer(case, name, defect.kind, seed, is_critical, rules))


def _judged(gatehouse: Gatehouse, item: Planted) -> Case:
    started = time.monotonic()
    seen = gatehouse.judge(item.export, PLANTED)
    done = f"{item.defect.vi} · {item.defect.en}"
    return Case(item.answer, done, seen, time.monotonic() - started)


def summary(cases: Collection[Case]) -> list[str]:
    """caught / planted per kind, with the datasets in which a kind was missed, then per dataset."""
    lines = ["defect kind: caught / planted"]
    for kind in dict.fromkeys(case.answer.kind for case in cases):
        of_kind = [case for case in cases if case.answer.kind == kind]
        missed = sorted({case.answer.dataset for case in of_kind if not case.is_caught})
        lines.append(f"  {kind:<24} {_share(of_kind)}" + (f"  missed in {', '.join(missed)}" if missed else ""))
    lines.append("dataset: caught / planted")
    for name in dict.fromkeys(case.answer.dataset for case in cases):
        lines.append(f"  {name:<28} {_share([case for case in cases if case.answer.dataset == name])}")
    return lines


def _share(cases: Collection[Case]) -> str:
    return f"{sum(case.is_caught for case in cases)} / {len(cases)}"
