"""Commands for the auditor: `evidence export`, `evidence verify`, and `ledger anchor`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from egov_kpi.cli import output
from egov_kpi.cli.options import Json


def register(app: typer.Typer) -> None:
    evidence = typer.Typer(help="Hồ sơ chứng cứ · evidence packs.", no_args_is_help=True)
    evidence.command("export")(export)
    evidence.command("verify")(verify)
    app.add_typer(evidence, name="evidence")


def export(
    publish_no: Annotated[int, typer.Option("--publish", metavar="N", help="Số bản công bố · number of the publish")],
    out: Annotated[Path | None, typer.Argument(metavar="[OUT.zip]", help="evidence-publish-N.zip")] = None,
    since_anchor: Annotated[
        bool,
        typer.Option(
            "--since-anchor", help="Chỉ từ dòng neo trước bản này · events from the anchor before the publish only"
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Xuất hồ sơ chứng cứ của một bản công bố · write the evidence pack of a publish."""
    from egov_kpi.evidence.export import export as write
    from egov_kpi.evidence.verify import WORDS
    from egov_kpi.settings import get_settings

    result = write(get_settings(), publish_no, out or Path(f"evidence-publish-{publish_no}.zip"), since_anchor)
    lines = [f"[{WORDS[code]}] {vi} · {en}" for code, vi, en in result.findings]
    lines.append(
        f"{result.path} sha256={result.sha256} events={result.first_event}-{result.last_event}"
        f" anchored={result.anchored_event}"
    )
    output.emit(asdict(result), lines, as_json)
    if result.verdict:
        raise typer.Exit(result.verdict)


def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK.zip", help="Hồ sơ, hoặc thư mục đã giải nén · pack or folder")],
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="Bản neo bạn giữ · your own copy of the anchors")
    ] = None,
    as_json: Json = False,
) -> None:
    """Kiểm tra một hồ sơ, như verify.py trong hồ sơ · check a pack, as the verify.py in it does."""
    from egov_kpi.evidence.verify import WORDS, Check, main

    if not as_json or not pack.exists() or not (anchor is None or anchor.is_file()):
        raise typer.Exit(main([str(pack), *(["--anchor", str(anchor)] if anchor else [])]))
    check = Check(pack, anchor)
    code = check.run()
    findings = [{"status": WORDS[status], "vi": vi, "en": en} for status, vi, en in check.findings]
    output.emit({"verdict": WORDS[code], "anchored_event": check.anchored, "findings": findings}, [], as_json)
    raise typer.Exit(code)


def ledger_anchor(as_json: Json = False) -> None:
    """Neo đầu chuỗi ra ngoài cơ sở dữ liệu · note the head of the chain outside the database, compare all notes."""
    from egov_kpi.evidence.anchor import anchor_head
    from egov_kpi.settings import get_settings

    result = anchor_head(get_settings())
    anchor = result.anchor
    lines = [f"event={anchor.event_no} hash={anchor.event_hash} time={anchor.time} publish={anchor.publish_no}"]
    lines += [f"→ {place}" for place in result.places]
    output.emit(asdict(result), lines, as_json)
    for place in result.same_volume:
        output.note(f"CẢNH BÁO: {place} nằm cùng ổ đĩa với kho; ai ghi được kho thì ghi được cả neo.")
        output.note(
            f"WARNING: {place} is on the warehouse's own volume: whoever can write the one can write the other."
        )
