"""The locked environment: every package with hashes, no registry's address, and a set-up that finds its packages."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from egov_kpi.platform import bootstrap, doctor
from egov_kpi.settings import PROJECT_ROOT

LOCK = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")


def _packages() -> dict[str, str]:
    """Each package's lines in the lock."""
    starts = [match.start() for match in re.finditer(r"(?m)^[a-z0-9]", LOCK)]
    blocks = [LOCK[begin:end] for begin, end in zip(starts, [*starts[1:], len(LOCK)], strict=True)]
    return {re.split(r"[=\[ ]", block, maxsplit=1)[0]: block for block in blocks}


def test_every_package_is_pinned_and_has_hashes() -> None:
    packages = _packages()
    assert len(packages) > 150
    assert [name for name, block in packages.items() if "==" not in block or "--hash=sha256:" not in block] == []


def test_the_lock_names_no_registry() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_all_that_is_asked_for_is_locked() -> None:
    asked = [line.split("#")[0].strip() for line in (PROJECT_ROOT / "requirements.in").read_text().splitlines()]
    wanted = [Requirement(line) for line in asked if line]
    locked = {name: re.search(r"==([^ ;\\]+)", block) for name, block in _packages().items()}
    for requirement in wanted:
        found = locked.get(requirement.name.lower().replace("_", "-"))
        assert found is not None, requirement.name
        assert requirement.specifier.contains(found[1], prereleases=True)


def test_uv_is_installed_from_its_own_lines_of_the_lock() -> None:
    block = bootstrap._block_of("uv")
    assert block.startswith("uv==")
    assert "--hash=sha256:" in block
    assert "uvicorn" not in block.split("# via")[0]


def test_uv_is_told_what_pip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://more.example/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    told = bootstrap.uv_environment()
    assert told["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert told["UV_INDEX"] == "https://more.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert bootstrap.uv_environment()["UV_DEFAULT_INDEX"] == "https://own.example/simple"


def test_a_package_changed_by_hand_is_noticed(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text('httpx==0.0.1 \\\n    --hash=sha256:00\npytest>=1 ; sys_platform == "win32"\nabsent==1.0\n')
    found = list(doctor._deviations(lock))
    assert [line.split()[0] for line in found] == ["httpx", "absent"]
    assert list(doctor._deviations(PROJECT_ROOT / "requirements.lock")) == []
