"""A web server on loopback that tests teach to misbehave."""

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file and how it is served. Each entry of `first` is what an early request gets instead of the file.

    An entry is a status, or the number of bytes after which the connection is cut, as a negative number.
    """

    content: bytes
    first: list[int] = field(default_factory=list)
    ranges: bool = True
    length: bool = True
    kind: str = "application/octet-stream"
    tag: str | None = None
    retry_after: str | None = None
    slow: float = 0  # seconds before the second half of the file


class Server:
    """What is served, by path, and the `Range` header of every request in order."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.requests: dict[str, list[str | None]] = defaultdict(list)
        self.url = ""

    def serve(self, name: str, content: bytes, **how: object) -> str:
        """Serve content under a name; its address."""
        self.files[f"/{name}"] = Served(content, **how)
        return f"{self.url}/{name}"


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.requests[self.path].append(self.headers.get("Range"))
            served = server.files.get(self.path)
            if served is None:
                return self.fail(404)
            order = served.first.pop(0) if served.first else None
            if order is not None and order > 0:
                return self.fail(order, served.retry_after)
            tag = served.tag or f'"{hashlib.md5(served.content).hexdigest()}"'
            start, wanted = 0, self.headers.get("Range")
            if wanted and served.ranges and self.headers.get("If-Range") in (None, tag):
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                if start >= len(served.content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(served.content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return None
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(served.content) - 1}/{len(served.content)}")
            else:
                self.send_response(200)
            body = served.content[start:]
            self.send_header("Content-Type", served.kind)
            self.send_header("ETag", tag)
            if served.length:
                self.send_header("Content-Length", str(len(body)))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if order is not None:
                self.wfile.write(body[:-order])
                self.wfile.flush()
                self.close_connection = True
                return None
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(served.slow)
            self.wfile.write(body[len(body) // 2 :])
            return None

        def fail(self, status: int, retry_after: str | None = None) -> None:
            self.send_response(status)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client may hang up when it has seen enough."""

    listening = Quiet(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
