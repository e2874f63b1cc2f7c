"""`python -m proofs.airgap`: the whole night in a network namespace that has only loopback.

This process becomes the one in the namespace: `unshare`, then `proofs.airgap.door`, then `proofs.airgap.inside`. Root
may make a network namespace; others may where the kernel lets them make a user namespace. Where neither is allowed,
nothing is shown, and the exit code says so: 3.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from proofs.airgap.namespace import HOST_NAMESPACE, own_namespace
from proofs.harness.table import COULD_NOT_RUN

UNSHARE = "unshare"


def main(arguments: Sequence[str]) -> int:
    prefix = [UNSHARE, "--net"] if os.geteuid() == 0 else [UNSHARE, "--user", "--map-root-user", "--net"]
    if reason := why_not(prefix):
        print(f"không tạo được không gian mạng riêng · no network namespace can be made: {reason}", file=sys.stderr)
        return COULD_NOT_RUN
    os.environ[HOST_NAMESPACE] = own_namespace()
    door = [sys.executable, "-m", "proofs.airgap.door", str(os.geteuid()), str(os.getegid())]
    os.execvp(UNSHARE, [*prefix, "--", *door, *arguments])  # noqa: S606 (no shell is wanted)


def why_not(prefix: Sequence[str]) -> str:
    """Why the namespace can't be made; empty when it can."""
    if shutil.which(UNSHARE) is None:
        return "unshare (util-linux) ?"
    tried = subprocess.run([*prefix, "--", "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else tried.stderr.strip() or f"exit {tried.returncode}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
