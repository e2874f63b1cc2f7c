"""Templates and what they may call. Everything that is put into a page is escaped, whatever it is."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from egov_kpi.report import formats, words

# Pages of the navigation that are no themes: file and title.
PAGES: dict[str, words.Word] = {
    "index": ("Đêm nay", "Tonight"),
    "quarantine": ("Dòng bị cách ly", "Refused rows"),
    "restatements": ("Số liệu điều chỉnh", "Restatements"),
    "claims": ("Số liệu báo cáo", "Claims in reports"),
    "definitions": ("Cách tính và tài liệu", "Definitions and docs"),
    "ledger": ("Sổ cái", "Ledger"),
}


@cache
def environment() -> Environment:
    """Jinja with strict names and escaping everywhere."""
    made = Environment(
        loader=PackageLoader("egov_kpi.report"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(t=both, n=number, pages=PAGES, themes=words.THEMES, words=words, word=words.word, period=period)
    made.filters.update(day=formats.day, moment=formats.moment)
    return made


def render(name: str, **values: Any) -> str:
    """The page of that name; a name that the template needs and nobody gave is an error."""
    return environment().get_template(f"{name}.html.j2").render(page=name, **values)


def both(vietnamese: str, english: str) -> Markup:
    """A text in both languages, of which the style sheet shows one."""
    if vietnamese == english:
        return Markup("{}").format(vietnamese)
    return Markup('<span lang="vi">{}</span><span lang="en">{}</span>').format(vietnamese, english)


def number(value: Any, digits: int = 2, unit: str = "") -> Markup:
    """A number in both ways of writing, with its unit where it has a value at all."""
    vi, en = words.word(words.UNITS, unit) if unit and value is not None else ("", "")
    return both(formats.number(value, "vi", digits) + _after(vi), formats.number(value, "en", digits) + _after(en))


def _after(unit: str) -> str:
    return unit if unit in ("", "%") else f" {unit}"


def period(grain: str, start: Any) -> Markup:
    return both(formats.period(grain, start, "vi"), formats.period(grain, start, "en"))


def asset(name: str) -> bytes:
    """A file of the site that is the same for every publish."""
    return files("egov_kpi.report").joinpath("assets", name).read_bytes()


def script(call: str, *arguments: Any) -> str:
    """A data file: one call of the site's own script. Pages opened from disk may load scripts and nothing else."""
    told = ",".join(json.dumps(argument, ensure_ascii=False, separators=(",", ":")) for argument in arguments)
    return f"{call}({told});\n"
