"""Which code made a figure: a version for people, a digest that decides about rebuilds."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from egov_kpi.settings import Settings
from egov_kpi.units import store as units

_PARTS = ("contracts", "dbt_project", "expectations", "sql", "src")
_MODEL_SUFFIXES = {".sql", ".yml", ".yaml", ".csv"}
_UNIT_LISTS = {"agency.csv", "agency_alias.csv", "agency_successor.csv"}
_MADE_BY_DBT = {"target", "logs", "dbt_packages"}
_NOT_CODE = {"__pycache__", *_MADE_BY_DBT}


def code_version(settings: Settings) -> str:
    """Git revision of the clone; with a digest of the files when it has been changed, or when there is no git."""
    revision = _git(settings.project_root, "rev-parse", "--short=12", "HEAD")
    if revision and not _git(settings.project_root, "status", "--porcelain", "--", *_PARTS):
        return revision
    digest = _digest(settings.project_root, _files(settings.project_root / part for part in _PARTS))[:12]
    return f"{revision}+{digest}" if revision else f"tree-{digest}"


def model_digest(settings: Settings) -> str:
    """Digest of models, macros and seeds: a colour built with another one is rebuilt from nothing."""
    return _digest(settings.dbt_dir, model_files(settings))


def seed_digest(settings: Settings) -> str:
    """Digest of the seeds, of what is declared about them, of the reference of units and of the provinces served."""
    seeds = _digest(settings.dbt_dir, _files([settings.dbt_dir / "seeds"]))
    return hashlib.sha256(f"{seeds}{units.digest()}{_served(settings)}".encode()).hexdigest()


def models_of(settings: Settings, schema_version: int) -> str:
    """What a colour is built with: models, structure, and the provinces served unless that is all of them."""
    parts = (model_digest(settings), str(schema_version), _served(settings))
    return ":".join(filter(None, parts))


def model_parts(settings: Settings) -> dict[str, str]:
    """The same in two parts: the lists of units, which change when units merge, and everything else."""
    files = list(model_files(settings))
    lists = [path for path in files if path.name in _UNIT_LISTS]
    rest = [path for path in files if path.name not in _UNIT_LISTS]
    return {"units": _digest(settings.dbt_dir, lists) + _served(settings), "rest": _digest(settings.dbt_dir, rest)}


def _served(settings: Settings) -> str:
    return ",".join(settings.served_provinces)


def model_files(settings: Settings) -> Iterator[Path]:
    """Models, macros and seeds, in the order in which they are digested."""
    return (path for path in _files([settings.dbt_dir]) if path.suffix in _MODEL_SUFFIXES)


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _NOT_CODE.intersection(path.relative_to(folder).parts):
                yield path


def _digest(root: Path, paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _git(root: Path, *arguments: str) -> str:
    """Output of git, empty where there is no git or no repository: then the digest stands in."""
    git = shutil.which("git")
    if git is None:
        return ""
    done = subprocess.run([git, "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
