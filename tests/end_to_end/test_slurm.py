"""A part of the smoke scale on a real SLURM, `snakemake --profile slurm`, on a cluster of this machine's own.

The cluster (slurmctld, two slurmd, munge; loopback only) is brought up and down here. It needs root and Debian's SLURM
packages, which it installs where they are missing; where it cannot, the test is skipped and says why.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import WARM, call, contents, copy_project, wanted

CLUSTER = Path(__file__).parent / "local-cluster"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Path]:
    """A cluster of two nodes; yields the folder of its logs."""
    if os.geteuid() != 0:
        pytest.skip("needs root: slurmd starts jobs as their owners")
    state = Path(f"/tmp/reprompt-slurm-{os.getpid()}")  # short: a socket lies in it
    settings = {"STATE": str(state), "NODES": "2", "GPU_NODES": "0", "CPUS": "2", "MEM_MB": "4000"}
    environment = os.environ | {f"LOCAL_SLURM_{name}": value for name, value in settings.items()}

    def order(what: str) -> subprocess.CompletedProcess:
        return subprocess.run([CLUSTER, what], env=environment, capture_output=True, text=True, timeout=300)

    try:
        up = order("up")
        if up.returncode:
            pytest.skip(f"no SLURM to be had here: {(up.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        yield state / "log"
    finally:
        order("down")


SLURM = ("--cores", "all", "--profile", "slurm")
# From the pictures to a table and a figure: a job of almost every rule, and few of each.
TARGETS = tuple(f"results/smoke/{name}" for name in ("tables/prograd_table3.csv", "figures/prograd_figure2.csv"))


def test_jobs_run_on_slurm_with_the_same_results(
    cluster: Path, smoke: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WARM)  # nodes start commands of their own
    folder = tmp_path / "project"
    folder.mkdir()
    copy_project(folder)
    call(folder, "snakemake", *SLURM, *TARGETS, seconds=900)
    made, expected = contents(folder), contents(smoke)
    records = [name for name in made if name.endswith(".npz")]
    assert len(records) == 4
    assert (cluster / "jobcomp.log").read_text().count("JobState=COMPLETED") >= len(records)
    assert made == {name: expected[name] for name in made}
    assert wanted(folder, *TARGETS) == set()
