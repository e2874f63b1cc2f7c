"""The browser in which the report is tested: Debian's Chromium. Python packages carry none; root may install it here.

`python -m egov_kpi.platform.browser` (make browser) is done when there is one; exit 3 and the command to run otherwise.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# A path to another Chromium, for machines that are not Debian.
VARIABLE = "EGOV_KPI_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core")


def find() -> str | None:
    """Path of the Chromium to use; None when there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return named if Path(named).exists() else None
    return next(filter(None, map(shutil.which, NAMES)), None)


def arguments() -> list[str]:
    """Chromium keeps its own sandbox but for root, who can't have one."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def main() -> int:
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install()
    found = find()
    if found is None:
        command = " ".join(INSTALL)
        print(f"cần Chromium để thử trang báo cáo; trên Debian chạy: {command}; nơi khác: {VARIABLE}=/đường/dẫn\n"
              f"Chromium is needed to test the report; on Debian run: {command}; elsewhere: {VARIABLE}=/path",
              file=sys.stderr)  # fmt: skip
        return 3
    return 0


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # the lists of a fresh image are empty or old
    for command in (INSTALL, ("apt-get", "update", "-q"), INSTALL):
        done = subprocess.run(command, env=environment, check=False, capture_output=True)
        if done.returncode == 0 and command is INSTALL:
            return


if __name__ == "__main__":
    sys.exit(main())
