"""First thing inside the namespace: bring loopback up, become the caller's user again, then run the proof."""

import os
import sys

from proofs.airgap.namespace import bring_loopback_up


def main(arguments: list[str]) -> None:
    user, group, *rest = arguments
    bring_loopback_up()
    inside = [sys.executable, "-m", "proofs.airgap.inside", *rest]
    if int(user) != 0:
        # root in this namespace only, which Postgres would take for root: a second user namespace names the caller
        inside = ["unshare", "--user", f"--map-user={user}", f"--map-group={group}", "--", *inside]
    os.execvp(inside[0], inside)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
