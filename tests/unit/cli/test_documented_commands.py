"""Every `egov-kpi …` of the documentation is a command that there is, with arguments and options that it takes."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from egov_kpi.cli.main import build_app
from egov_kpi.settings import PROJECT_ROOT

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(?:\.venv/bin/)?(egov-kpi [^`]+)`")
_LINE = re.compile(r"^(?:\.venv/bin/)?egov-kpi (?!and )", re.MULTILINE)
# A day that the shell works out.
_DATE = re.compile(r"\$\(date [^)]*\)")
APP = typer.main.get_command(build_app())


def _pages() -> list[Path]:
    return [PROJECT_ROOT / "README.md", *sorted((PROJECT_ROOT / "docs").rglob("*.md"))]


def _lines(text: str) -> Iterator[str]:
    """Whole command lines: those of the shell blocks, broken ones joined."""
    for block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if _LINE.match(line) and " [--" not in line:
                yield line.strip()


def _named(text: str) -> Iterator[str]:
    """Commands in running text: placeholders for values, brackets around what may be left out."""
    for told in _INLINE.findall(text.replace("\\|", "|")):
        yield " ".join(told.split())
    yield from (line for line in text.splitlines() if _LINE.match(line) and " [--" in line)


def _resolve(words: list[str]) -> list[tuple[Any, list[str]]]:
    """The commands that these words may mean (`a|b` means two), each with the words that follow."""
    found: list[tuple[Any, list[str]]] = []
    waiting: list[tuple[Any, list[str]]] = [(APP, words)]
    while waiting:
        command, rest = waiting.pop()
        if not hasattr(command, "commands") or not rest:
            found.append((command, rest))
            continue
        for name in rest[0].split("|"):
            known = command.commands.get(name)
            assert known is not None, f"no command {name!r} in {' '.join(words)!r}"
            waiting.append((known, rest[1:]))
    return found


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def _cases(find: Callable[[str], Iterator[str]]) -> list[str]:
    return sorted({line for page in _pages() for line in find(page.read_text(encoding="utf-8"))})


@pytest.mark.parametrize("line", _cases(_named))
def test_a_command_that_is_named_exists_with_its_options(line: str) -> None:
    words = re.sub(r"[\[\]]", " ", line).split()[1:]
    for command, rest in _resolve(words):
        wanted = {word.split("=")[0] for part in rest for word in part.split("|") if word.startswith("--")}
        assert wanted <= _options(command) | {"--help"}, f"{command.name} has no {wanted - _options(command)}"


@pytest.mark.parametrize("line", _cases(_lines))
def test_a_command_line_can_be_typed_as_it_stands(line: str) -> None:
    """Parsed by the command itself; a file that isn't there is no fault of the line."""
    ((command, rest),) = _resolve(shlex.split(_DATE.sub("2023-03-06", line), comments=True)[1:])
    try:
        command.make_context(command.name, rest)
    except Exception as error:
        # typer brings its own copy of click: its errors are known by their names
        if type(error).__name__ != "BadParameter" or "does not exist" not in str(error):
            raise


def test_the_pages_have_commands() -> None:
    assert len(_cases(_lines)) > 30 and len(_cases(_named)) > 30
