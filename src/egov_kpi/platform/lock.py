"""`make lock`: requirements.lock anew from requirements.in, with every package's hashes and no registry's address."""

import subprocess
import sys

from egov_kpi.platform import bootstrap

HEADER = "# Made by `make lock` from requirements.in and requirements.override; not edited by hand.\n"


def main() -> int:
    """Versions that still satisfy requirements.in stay; `--upgrade` as an argument takes the newest."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "requirements.in"),
        *("--override", "requirements.override", "--python-version", "3.11", "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"),
        *("--output-file", str(bootstrap.LOCK), *sys.argv[1:]),
    ]
    done = subprocess.run(command, cwd=bootstrap.ROOT, env=bootstrap.uv_environment(), check=False)
    if done.returncode == 0:
        body = bootstrap.LOCK.read_text(encoding="utf-8")
        bootstrap.LOCK.write_text(HEADER + body.removeprefix(HEADER), encoding="utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
