"""`python -m proofs.properties [--examples N] [--seed S]`: random histories against a rebuild from nothing.

* orders: whole exports delivered in any order, with builds and publishes in between;
* revoke and replay: loads revoked, heard again and delivered again, in any order;
* splits: a delta export cut into files by day or by row, delivered in any order.

Every history must end in the digest of a warehouse that got the same exports once, in the usual order, and was built
from nothing; its books must add up and its chain hold. Examples follow from the seed.
"""

import argparse
import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from proofs.harness.cluster import throw_away_cluster
from proofs.harness.table import Table
from proofs.properties.prover import Prover


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    logging.disable(logging.INFO)
    table = Table(as_json=options.json, widths={"done": 60})
    folder = Path(tempfile.mkdtemp(prefix="egov-kpi-exports-"))
    try:
        with throw_away_cluster() as cluster, Prover.of(cluster, folder, table) as prover:
            prover.orders(options.examples, options.seed)
            prover.revocations(options.examples, options.seed)
            prover.splits(options.examples, options.seed)
    finally:
        shutil.rmtree(folder)
    return table.finish()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.properties", description=__doc__)
    parser.add_argument("--examples", type=int, default=12, help="of each property")
    parser.add_argument("--seed", type=int, default=20230306)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
