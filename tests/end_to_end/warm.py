"""`reprompt` without the seconds that its libraries take to start, for a run of a hundred small commands.

    python warm.py BIN    serves, and writes BIN/reprompt: a command that has the server do what it was asked

The server has imported the libraries and forks for every command. Of the package itself nothing is imported before the
fork, so that every copy of the project runs its own source. What a command prints, where it works and its environment
are those of who calls it.
"""

import importlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

LIBRARIES = (
    *("torch", "torchvision", "open_clip", "safetensors.torch", "pandas", "scipy.stats", "sklearn.linear_model"),
    *("matplotlib.pyplot", "pydantic", "rich.console", "typer", "yaml"),
)
CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = json.dumps({{"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(asked)
    code = server.recv(1)
sys.exit(code[0] if code else 1)
"""


def serve(folder: Path) -> None:
    """Import the libraries, write the command, and fork for each that asks, until the process is ended."""
    os.environ["OMP_WAIT_POLICY"] = "passive"  # as main() in cli.py has it
    for name in LIBRARIES:
        importlib.import_module(name)
    address = str(folder / "socket")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        command = folder / "reprompt~"
        command.write_text(CLIENT.format(python=sys.executable, address=address))
        command.chmod(0o755)
        command.rename(folder / "reprompt")
        while True:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                answer(asking)
            asking.close()


def answer(asking: socket.socket) -> None:
    """Be the command that was asked for, and tell its exit code; the process ends with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, files, _, _ = socket.recv_fds(asking, 8, 3)
    text = b""
    while len(text) < int.from_bytes(length, "big"):
        text += asking.recv(1 << 20)
    asked = json.loads(text)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["reprompt", *asked["arguments"]]
    sys.path[:1] = asked["environment"]["PYTHONPATH"].split(os.pathsep)
    code = 1
    try:
        from reprompt.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        asking.sendall(bytes([code & 255]))
        os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
