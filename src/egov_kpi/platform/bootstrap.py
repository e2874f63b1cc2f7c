"""Make `.venv` from `requirements.lock`: `python3 src/egov_kpi/platform/bootstrap.py`, before anything is installed.

Standard library only. uv is installed with pip, from the lock's own hashes, and installs the rest in seconds. Both take
the packages from where pip is configured to take them: uv doesn't read pip's configuration, so it is told. Where uv
can't work with that configuration, pip installs the same lock, only slower.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "egov-kpi.stamp"
WANTED = (3, 11)


def main() -> int:
    if Path(sys.prefix) == VENV:
        # an environment can't be the maker of itself
        base = str(Path(sys.base_prefix) / "bin" / "python3.11")
        return subprocess.run([base, *sys.argv], check=False).returncode
    if sys.version_info[:2] != WANTED:
        return _refuse(
            f"cần Python 3.11, đây là {sys.version.split()[0]}; chạy make PYTHON=/đường/dẫn/python3.11 …",
            f"Python 3.11 is needed, this is {sys.version.split()[0]}; run make PYTHON=/path/to/python3.11 …",
        )
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == _stamp():
        return 0
    print("Chuẩn bị .venv · setting up .venv", flush=True)
    STAMP.unlink(missing_ok=True)
    if not _is_sound() and not _make_venv():
        return 3
    if not _install_locked():
        return _refuse(
            "không cài được các gói của requirements.lock; xem thông báo ở trên",
            "the packages of requirements.lock could not be installed; see the messages above",
        )
    STAMP.write_text(_stamp(), encoding="utf-8")
    return 0


def _stamp() -> str:
    """What the environment was made of and where: a moved clone has scripts that point to the old place."""
    digest = hashlib.sha256()
    for part in (LOCK, ROOT / "pyproject.toml"):
        digest.update(part.read_bytes())
    return f"{digest.hexdigest()} {VENV}\n"


def _is_sound() -> bool:
    """Whether there is an environment of Python 3.11 with a pip in it, made at this very place.

    Which 3.11 the caller has first in the PATH doesn't matter: services may be running from this environment.
    """
    if not PYTHON.exists():
        return False
    asked = subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    wanted = f"(python {WANTED[0]}.{WANTED[1]})"
    return asked.returncode == 0 and str(VENV) in asked.stdout and wanted in asked.stdout


def _make_venv() -> bool:
    if VENV.exists():
        shutil.rmtree(VENV)
    if _venv_works() or (_install_venv_module() and _venv_works()):
        return True
    _refuse(
        "Python này thiếu mô-đun venv/ensurepip; trên Debian chạy: apt-get install python3.11-venv",
        "this Python lacks venv/ensurepip; on Debian run: apt-get install python3.11-venv",
    )
    return False


def _venv_works() -> bool:
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
    return made.returncode == 0


def _install_venv_module() -> bool:
    """Debian splits ensurepip off its Python; root may put it there."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "python3.11-venv"]
    # the lists of a fresh image are empty or old
    return _run(install, environment) or (_run(["apt-get", "update", "-q"], environment) and _run(install, environment))


def _install_locked() -> bool:
    only_uv = VENV / "uv.lock.txt"
    only_uv.write_text(_block_of("uv"), encoding="utf-8")
    pip = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
    ]
    # a constraints file of the machine has no say here: the lock names every version
    plain = {**os.environ, "PIP_CONSTRAINT": os.devnull}
    if not _run([*pip, "-r", str(only_uv)], plain):
        return False
    uv = [str(PYTHON), "-m", "uv", "pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps"]
    with_uv = _run([*uv, "--require-hashes", "-r", str(LOCK)], uv_environment())
    if not with_uv:
        print(
            "uv không dùng được cấu hình gói này, dùng pip · uv can't use this package configuration, using pip",
            flush=True,
        )
        if not _run([*pip, "-r", str(LOCK)], plain):
            return False
    editable = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    return _run([*editable, "--no-build-isolation", "--no-index", "-e", str(ROOT)], plain)


def _block_of(package: str) -> str:
    """The package's own lines of the lock: name, version and hashes."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    last = next((n for n in range(first + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))
    return "\n".join(lines[first:last]) + "\n"


def uv_environment() -> dict[str, str]:
    """Where pip takes packages from, in uv's words; what is set for uv itself goes first."""
    said = {
        "UV_DEFAULT_INDEX": _pip_config("index-url"),
        "UV_INDEX": _pip_config("extra-index-url"),
        "UV_FIND_LINKS": ",".join(_pip_config("find-links").split()),
        "SSL_CERT_FILE": _pip_config("cert"),
        "UV_HTTP_TIMEOUT": _pip_config("default-timeout") or _pip_config("timeout"),
    }
    told = {name: value for name, value in said.items() if value}
    # pip considers all its indexes as one; uv does so only when it is asked to
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **told, **os.environ, "UV_LINK_MODE": "copy"}


def _pip_config(name: str) -> str:
    """An option of pip, wherever it is configured: environment, then the files."""
    variable = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if variable is not None:
        return variable
    asked = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "get", f"global.{name}"], capture_output=True, text=True, check=False
    )
    return " ".join(asked.stdout.split()) if asked.returncode == 0 else ""


def _run(command: "list[str]", environment: "dict[str, str]") -> bool:
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode == 0


def _refuse(vietnamese: str, english: str) -> int:
    print(f"{vietnamese}\n{english}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
