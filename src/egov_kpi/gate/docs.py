"""Data Docs of a check, as Great Expectations renders them, made fit for a network without the internet.

One page per load and an index under `.local/gate`. A page refers to nothing outside itself and holds counts only.
"""

import html
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from egov_kpi.gate.gx import Outcome, import_gx
from egov_kpi.gate.result import GateResult
from egov_kpi.gate.suite import Suite
from egov_kpi.settings import Settings

# What the templates fetch from content delivery networks or the makers' sites, and what only works with it.
_REMOTE = re.compile(
    r"<script\b[^>]*\bsrc=[^>]*>\s*</script>|<link\b[^>]*\bhref=[\"']https?:[^>]*>|<img\b[^>]*\bsrc=[\"']https?:[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPT = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s\"'<>)]*", re.IGNORECASE)
_STYLE = """<style>
body { font: 15px/1.45 sans-serif; margin: 2rem auto; max-width: 75rem; color: #222; }
table { border-collapse: collapse; width: 100%; } td, th { border: 1px solid #ccc; padding: .3rem .5rem; }
nav, footer, .modal, .ge-walkthrough-card { display: none; } .fa-check-circle::before { content: "✓"; color: #070; }
.fa-times::before { content: "✗"; color: #b00; } .fa-exclamation-triangle::before { content: "!"; color: #b60; }
</style>"""


def docs_dir(settings: Settings) -> Path:
    return settings.local_dir / "gate"


def write_page(
    settings: Settings, dataset: str, load_seq: int | str, suite: Suite, outcomes: list[Outcome], result: GateResult
) -> Path:
    """Write the page of one check and the index; the page's path. A second check of the load replaces the first."""
    folder = docs_dir(settings) / dataset
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{load_seq}.html"
    title = f"{dataset} #{load_seq}: {result.verdict}"
    _replace(page, without_network(_rendered(suite, outcomes, title)))
    _replace(page.with_suffix(".json"), json.dumps(result.as_event(), ensure_ascii=False, indent=1) + "\n")
    _replace(docs_dir(settings) / "index.html", _index(docs_dir(settings)))
    return page


def without_network(page: str) -> str:
    """The page with nothing left that a browser would fetch from elsewhere."""
    page = _SCRIPT.sub("", _REMOTE.sub("", page))
    page = _ADDRESS.sub("", page)
    return page.replace("</head>", f"{_STYLE}</head>", 1)


def _rendered(suite: Suite, outcomes: list[Outcome], title: str) -> str:
    import_gx()
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    results = [ExpectationValidationResult(**_arguments(outcome)) for outcome in outcomes]
    failed = sum(not outcome.success for outcome in outcomes)
    validation = ExpectationSuiteValidationResult(
        success=failed == 0,
        results=results,
        suite_name=suite.name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": len(results) - failed,
            "unsuccessful_expectations": failed,
            "success_percent": 100 * (len(results) - failed) / max(len(results), 1),
        },
        meta={"great_expectations_version": str(import_gx().__version__)},
    )
    page = str(_view().render(ValidationResultsPageRenderer().render(validation)))
    return re.sub(r"<title>.*?</title>", f"<title>{html.escape(title)}</title>", page, count=1, flags=re.DOTALL)


@cache
def _view() -> Any:
    """One for the process: it compiles the templates, which takes longer than a page."""
    from great_expectations.render.view.view import DefaultJinjaPageView

    return DefaultJinjaPageView()


def _arguments(outcome: Outcome) -> dict[str, Any]:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    config = dict(outcome.document["expectation_config"])
    config.pop("id", None)
    meta = config["meta"]
    text = f"{meta['rule_id']} · {meta['action']} · {meta['reason_vi']} · {meta['reason_en']}"
    # The renderer fills templates: a dollar of a pattern is not one of its parameters.
    config["description"] = text.replace("$", "$$")
    return {
        "success": outcome.success,
        "expectation_config": ExpectationConfiguration(**config),
        "result": outcome.document["result"],
        "exception_info": outcome.document["exception_info"],
        "meta": {},
    }


def _index(folder: Path) -> str:
    rows = []
    for path in sorted(folder.glob("*/*.json"), key=lambda item: (item.parent.name, item.stem.zfill(20))):
        verdict = json.loads(path.read_text(encoding="utf-8"))["verdict"]
        link = f"{path.parent.name}/{path.stem}.html"
        rows.append(f'<tr><td><a href="{html.escape(link)}">{html.escape(link)}</a></td><td>{verdict}</td></tr>')
    head = "<!doctype html><html><head><meta charset='utf-8'><title>Data Docs</title>" + _STYLE + "</head>"
    return f"{head}<body><h1>Cổng kiểm tra · Gate</h1><table>{''.join(rows)}</table></body></html>\n"


def _replace(path: Path, text: str) -> None:
    """Write by rename: two checks at once leave a whole file of one of them."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
