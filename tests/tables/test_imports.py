"""A table takes a second to start: nothing that it imports brings PyTorch along."""

import subprocess
import sys


def test_tables_figures_claims_and_the_report_are_imported_without_torch():
    modules = "reprompt.tables, reprompt.figures, reprompt.claims.page, reprompt.report.page"
    code = f"import sys, {modules}; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
