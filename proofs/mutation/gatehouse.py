"""The way of one export up to the gate's answer: pulled, landed, registered, staged and checked, as on any night."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from egov_kpi.contracts.loader import get_contract
from egov_kpi.contracts.model import Contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.extract import pull
from egov_kpi.extract.http import Policy
from egov_kpi.extract.partly import PartlyRefused
from egov_kpi.gate.check import check
from egov_kpi.landing import Delivery
from egov_kpi.ledger.loads import register_load
from egov_kpi.load.stage import stage
from egov_kpi.night import books
from egov_kpi.night.decide import decide
from egov_kpi.raw.promote import drop_inbound
from egov_kpi.settings import Settings
from egov_kpi.simulator.faults import FaultServer
from proofs.harness.cluster import EVERY, Cluster
from proofs.harness.environment import environment
from proofs.mutation.datasets import Export
from proofs.mutation.source import OneAnswer, source_app

CODE_VERSION = "mutation"


@dataclass(frozen=True)
class Seen:
    """What became of an export: the gate's verdict or `door`, the rules or codes that say why, and rows refused."""

    verdict: str
    rules: tuple[str, ...] = ()
    refused: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether anything of it was kept out of the figures, and said so."""
        return self.verdict in ("quarantine", "block", "door")


@dataclass
class Gatehouse:
    """One warehouse with its own history, and the source that it asks."""

    settings: Settings
    answers: OneAnswer
    policy: Policy = field(default_factory=lambda: Policy(tries=1, sleep=lambda _: None))

    def promote(self, export: Export, business_date: date) -> Seen:
        """The export all the way into raw; what the gate said of it. Content that is a load already: `known`."""
        contract = get_contract(export.dataset.id)
        load_seq = self._registered(contract, self._pulled(contract, export, business_date), business_date)
        if load_seq is None:
            return Seen("known")
        failed = [rule["rule_id"] for rule in decide(self.settings, contract, load_seq)["rules"] if not rule["success"]]
        with connect("loader", self.settings) as conn:
            load = books.loads(conn, [load_seq])[0]
        words = {"accepted": "pass", "quarantined": "quarantine", "blocked": "block"}
        return Seen(words[load["verdict"]], tuple(failed), load["account"]["quarantined"])

    def judge(self, export: Export, business_date: date) -> Seen:
        """What door and gate say of the export; nothing of it becomes history."""
        contract = get_contract(export.dataset.id)
        try:
            delivery = self._pulled(contract, export, business_date)
            load_seq = self._registered(contract, delivery, business_date)
            if load_seq is None:
                return Seen("known")
            staged = stage(self.settings, contract, delivery, load_seq)
        except PartlyRefused as partly:
            return Seen("door", tuple(refusal.code for refusal in partly.refusals))
        except EgovError as error:
            if error.exit_code == ExitCode.REFUSED:
                raise
            return Seen("door", (error.code,))
        result = check(self.settings, contract, load_seq, staged.landed, delivery.content_digest)
        with connect("loader", self.settings) as conn:
            drop_inbound(conn, contract, load_seq)
        failed = [rule.rule_id for rule in result.failed if rule.action != "notice"]
        reason = [str(result.receipt.get("reason"))] if result.verdict == "could_not_check" else []
        return Seen(result.verdict, tuple(failed or reason), result.refused_rows)

    def _pulled(self, contract: Contract, export: Export, business_date: date) -> Delivery:
        self.answers.export = export
        (delivery,) = pull(contract, business_date, export.window_from, self.settings, self.policy)
        return delivery

    def _registered(self, contract: Contract, delivery: Delivery, business_date: date) -> int | None:
        """The load's number; None when this content is a load already."""
        with connect("loader", self.settings) as conn:
            load_seq, is_new = register_load(
                conn,
                contract.id,
                delivery,
                shape=contract.shape,
                business_date=business_date,
                key_id="proof",
                code_version=CODE_VERSION,
            )
        return load_seq if is_new else None


@contextmanager
def open_gatehouse(cluster: Cluster) -> Iterator[Gatehouse]:
    """A fresh, seeded warehouse whose every source is the one answer in hand."""
    answers = OneAnswer()
    saved = cluster.clone(cluster.seeded(EVERY))
    try:
        with FaultServer(source_app(answers)) as server:
            variables = {"SOURCE_BASE_URL": server.url, "SOURCE_TOKEN": "x", "PROVINCES": EVERY}
            with environment(cluster.url(saved.database), saved.folder, **variables) as settings:
                yield Gatehouse(settings, answers)
    finally:
        cluster.discard(saved)
