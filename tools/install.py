"""Make `.venv` from requirements.lock; the Makefile runs this with the Python it found. Standard library only.

pip's own output goes to logs/install.log. A person sees one line that moves, and one clear line when it cannot go on.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

LOCK = Path("requirements.lock")
LOG = Path("logs/install.log")
NEEDED_GB = 8  # torch's CUDA build with its libraries, unpacked, and pip's copies on the way

# What pip prints, and what it means for a person.
REASONS = (
    (
        r"NewConnectionError|NameResolutionError|Temporary failure in name resolution|Network is unreachable"
        r"|ConnectTimeoutError|ReadTimeoutError|ProxyError|Could not find a version",
        "no network: the package index cannot be reached. Only the install needs it; connect and run this again",
    ),
    (r"No space left on device", f"the disk is full: the install needs about {NEEDED_GB} GB"),
    (
        r"DO NOT MATCH THE HASHES",
        "a downloaded package is not the one in requirements.lock (its hash differs); run this again,"
        " and if it stays so, do not trust the package index",
    ),
    (
        r"not a supported wheel|Requires-Python",
        "a package of the lock has no build for this Python; try PYTHON=python3.12",
    ),
)


class InstallError(Exception):
    """What stops the install, in one line."""


def main(venv: Path) -> None:
    """Install the lock file's packages and the project itself into `venv`."""
    LOG.parent.mkdir(exist_ok=True)
    with open(LOG.with_suffix(".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InstallError("another install is running in this folder; wait for it to end") from None
        check_space(venv)
        make_venv(venv)
        pip = [str(venv / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
        with open(LOG, "w") as log:
            # The lock is complete, so pip need not resolve anything: --no-deps.
            locked = [*pip, "install", "--require-hashes", "--no-deps", "--retries", "2", "-r", str(LOCK)]
            run(locked, log, follow=True)
            # The build backend is in the lock, so this needs no network.
            run([*pip, "install", "--no-deps", "--no-build-isolation", "--no-index", "-e", "."], log)
        (venv / ".installed").touch()


def check_space(venv: Path) -> None:
    """Stop early where the packages would not fit."""
    if (venv / ".installed").exists():
        return  # only what changed in the lock will be fetched
    free_gb = shutil.disk_usage(".").free / 1e9
    if free_gb < NEEDED_GB:
        raise InstallError(f"no disk space: the install needs about {NEEDED_GB} GB here, {free_gb:.1f} GB are free")


def make_venv(venv: Path) -> None:
    """A virtual environment of this very Python version; one that is broken or of another version is replaced."""
    version = "import sys; print(*sys.version_info[:2])"
    if venv.exists():
        python = venv / "bin/python"
        asked = subprocess.run([python, "-c", version], capture_output=True, text=True) if python.exists() else None
        if asked and asked.returncode == 0 and asked.stdout.split() == [str(n) for n in sys.version_info[:2]]:
            return
        shutil.rmtree(venv)
    made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
    if made.returncode:
        LOG.write_text(made.stdout + made.stderr)
        shutil.rmtree(venv, ignore_errors=True)
        hint = " (on Debian and Ubuntu: apt install python3-venv)" if "ensurepip" in made.stdout + made.stderr else ""
        raise InstallError(f"{sys.executable} cannot make a virtual environment{hint}; details in {LOG}")


def run(command: list[str], log, follow: bool = False) -> None:
    """Run pip with its output in the log; with `follow`, show how far it is."""
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment)
    try:
        started = shown = time.monotonic()
        terminal = sys.stdout.isatty()
        packages = len(re.findall(r"^[a-zA-Z0-9]\S*==", LOCK.read_text(), re.MULTILINE))
        while process.poll() is None:
            time.sleep(0.2)
            if follow and time.monotonic() - shown > (1 if terminal else 15):
                shown = time.monotonic()
                print_line(progress(packages, shown - started), terminal)
        if follow and terminal:
            print_line("", terminal)
    finally:
        if process.poll() is None:
            process.terminate()
    if process.returncode:
        raise InstallError(reason(LOG.read_text(errors="replace")))


def progress(packages: int, seconds: float) -> str:
    """`install: 83 of 210 packages fetched, 95 s`, read off pip's log."""
    text = LOG.read_text(errors="replace")
    # A line per package, also for those that this system or Python version does not want or that are already there.
    done = len(re.findall(r"^(?:Collecting|Ignoring|Requirement already satisfied:?) ", text, re.MULTILINE))
    what = "unpacking" if "Installing collected packages" in text else f"{done} of {packages} packages fetched"
    return f"install: {what}, {seconds:.0f} s"


def print_line(text: str, terminal: bool) -> None:
    """One line: rewritten in place on a terminal, a new one elsewhere."""
    print(f"\r\033[K{text}" if terminal else text, end="" if terminal else "\n", flush=True)


def reason(log: str) -> str:
    """Why pip stopped, for a person."""
    for pattern, words in REASONS:
        if re.search(pattern, log):
            return f"{words}; details in {LOG}"
    errors = re.findall(r"^ERROR: (.*)", log, re.MULTILINE) or ["pip stopped without a word"]
    return f"{errors[-1]}; details in {LOG}"


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except InstallError as error:
        sys.exit(f"reprompt: {error}")
    except KeyboardInterrupt:
        sys.exit("\nreprompt: install interrupted; run the same command to go on")
