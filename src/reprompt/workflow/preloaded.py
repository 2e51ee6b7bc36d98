"""`reprompt` without the seconds that its libraries take to start, for a run of hundreds of small jobs.

    python -P preloaded.py FOLDER    serves, and writes FOLDER/reprompt: a command that has the server do the work

The server has imported the libraries and forks for every command, until its input is closed: it ends with the process
that started it. Of the package itself nothing is imported before the fork, so that a command runs the source that its
own environment names. What a command prints, where it works and its environment are those of who calls it; signals and
exit code pass through. Where the server is gone the command starts by itself: slower, otherwise the same.

Results do not depend on it: nothing is computed before the fork.
"""

import importlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

LIBRARIES = (
    *("torch", "torchvision", "open_clip", "safetensors.torch", "pandas", "scipy.stats", "sklearn.linear_model"),
    *("matplotlib.pyplot", "pydantic", "rich.console", "typer", "yaml"),
)
BY_ITSELF = "import sys; from reprompt.cli import main; sys.argv[0] = 'reprompt'; main()"
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMAND = f"""#!{{python}} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    try:
        server.connect({{address!r}})
    except OSError:
        os.execv({{python!r}}, [{{python!r}}, "-P", "-c", {BY_ITSELF!r}, *sys.argv[1:]])
    asked = dict(arguments=sys.argv[1:], folder=os.getcwd(), environment=dict(os.environ))
    asked = json.dumps(asked).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(asked)
    worker = int.from_bytes(server.recv(8), "big")
    for number in {tuple(map(int, PASSED_ON))}:
        signal.signal(number, lambda number, frame: worker and os.kill(worker, number))
    code = server.recv(1)
sys.exit(code[0] if code else 137)  # killed
"""


def start(environment: Mapping[str, str]) -> tuple[Path, subprocess.Popen]:
    """Start a server that ends with this process; returns the folder that will hold its command."""
    folder = Path(tempfile.mkdtemp(prefix="reprompt-"))  # nobody else may enter; a socket's path has to be short
    server = subprocess.Popen(
        [sys.executable, "-P", __file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is for the commands
        env={"OMP_WAIT_POLICY": "passive", **environment},  # as main() in cli.py has it
    )
    return folder, server


def serve(folder: Path) -> None:
    """Import the libraries, write the command, and fork for each that asks, until the input is closed."""
    for name in LIBRARIES:
        importlib.import_module(name)
    address = str(folder / "socket")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(address)
            listening.listen(64)
            command = folder / "reprompt~"
            command.write_text(COMMAND.format(python=sys.executable, address=address))
            command.chmod(0o755)
            command.rename(folder / "reprompt")
            while True:
                ready, _, _ = select.select([listening, sys.stdin], [], [])
                if listening not in ready:
                    return
                asking, _ = listening.accept()
                if os.fork() == 0:
                    try:
                        listening.close()
                        answer(asking)
                    finally:  # never back into the server, whose folder is not the child's to remove
                        os._exit(1)
                asking.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answer(asking: socket.socket) -> None:
    """Be the command that was asked for, and tell its exit code; the process ends with it, or with who asked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, files, _, _ = socket.recv_fds(asking, 8, 3)
    text = b""
    while len(text) < int.from_bytes(length, "big"):
        if not (more := asking.recv(1 << 20)):
            return  # who asked is gone
        text += more
    asked = json.loads(text)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    asking.sendall(os.getpid().to_bytes(8, "big"))
    threading.Thread(target=_end_with, args=(asking,), daemon=True).start()
    code = 1
    try:
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv = ["reprompt", *asked["arguments"]]
        sys.path[:0] = filter(None, asked["environment"].get("PYTHONPATH", "").split(os.pathsep))
        from reprompt.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        asking.sendall(bytes([code & 255]))
        os._exit(code)


def _end_with(asking: socket.socket) -> None:
    """Wait until who asked is gone, killed perhaps, and end at once as it did."""
    asking.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
