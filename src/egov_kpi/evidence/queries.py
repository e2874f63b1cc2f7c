"""The models that made a publish, wherever they can still be had: in the tree, or in git under its code version."""

import io
import shutil
import subprocess
import tarfile
from pathlib import PurePosixPath

from egov_kpi.evidence.verify import model_digest
from egov_kpi.publish.code import model_files
from egov_kpi.settings import Settings

_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv"})
_MADE_BY_DBT = frozenset({"target", "logs", "dbt_packages"})


def model_sources(settings: Settings, wanted: str, code_version: str) -> dict[str, bytes]:
    """Files by path inside the dbt project, those whose digest is the wanted one; empty when neither place has them."""
    found = {path.relative_to(settings.dbt_dir).as_posix(): path.read_bytes() for path in model_files(settings)}
    if model_digest(found) == wanted:
        return found
    kept = _from_git(settings, code_version.partition("+")[0])
    return kept if model_digest(kept) == wanted else {}


def _from_git(settings: Settings, revision: str) -> dict[str, bytes]:
    git = shutil.which("git")
    if git is None or not revision.isalnum():
        return {}
    done = subprocess.run(
        [git, "-C", str(settings.project_root), "archive", "--format=tar", revision, settings.dbt_dir.name],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        files = [(PurePosixPath(member.name), archive.extractfile(member)) for member in archive if member.isfile()]
        return {
            "/".join(path.parts[1:]): stream.read() for path, stream in files if stream is not None and _is_model(path)
        }


def _is_model(path: PurePosixPath) -> bool:
    return path.suffix in _SUFFIXES and not _MADE_BY_DBT.intersection(path.parts)
