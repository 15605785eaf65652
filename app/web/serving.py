"""How gunicorn serves the site: its settings, and a page of ours where it would answer alone."""

import socket
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from .errors import answer

LONGEST_LINE = 8190  # bytes; gunicorn takes no more
LEFT_OVER = 1024 * 1024  # bytes that are read of a request that was refused


class Worker(ThreadWorker):
    """Says by a page of the site that an address is too long, such as that of a search."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        with self.wsgi.test_request_context():
            response = self.wsgi.process_response(answer(414, bare=True))
        response.headers["Connection"] = "close"
        head = f"HTTP/1.1 {response.status}\r\n{response.headers}"
        with suppress(OSError):
            client.sendall(head.encode("latin-1") + response.data)
            read_to_end(client)


def read_to_end(client: socket.socket) -> None:
    """Let the client send the rest, or it would lose the answer."""
    client.shutdown(socket.SHUT_WR)
    client.settimeout(1)
    left = LEFT_OVER
    while left > 0 and (piece := client.recv(65536)):
        left -= len(piece)


SETTINGS = {
    "worker_class": Worker,
    "limit_request_line": LONGEST_LINE,
    "control_socket_disable": True,
    "forwarder_headers": "",
}
