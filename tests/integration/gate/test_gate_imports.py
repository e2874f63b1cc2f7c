"""What a process pays before it can run a gate."""

import subprocess
import sys


def test_nothing_heavy_is_imported_before_a_gate_runs() -> None:
    """Great Expectations costs seconds per process; with it, plotting and statistics stay out."""
    program = (
        "import sys, egov_kpi.gate.check, egov_kpi.gate.marts, egov_kpi.gate.docs\n"
        "assert 'great_expectations' not in sys.modules and 'pandas' not in sys.modules\n"
        "from egov_kpi.gate.gx import import_gx\n"
        "gx = import_gx()\n"
        "assert 'altair.vegalite' not in sys.modules and 'scipy.optimize' not in sys.modules\n"
        "assert 'scipy.stats' not in sys.modules and 'altair' not in sys.modules\n"
        "from great_expectations.expectations.core import expect_column_kl_divergence_to_be_less_than as kl\n"
        "assert kl.stats.entropy([1, 1]) > 0\n"
        "import scipy.stats\n"
        "assert scipy.stats.norm.cdf(0) == 0.5\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
