"""The settings of gunicorn, and a worker that answers too long URLs with a page of the site."""

import socket
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from .errors import answer

LONGEST_LINE = 8190  # bytes; gunicorn takes no more
LEFT_OVER = 1024 * 1024  # bytes that are read of a refused request


class Worker(ThreadWorker):
    """A worker that answers a URL that is too long with the site's own 414 page."""

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
    """Read the rest of the request, or the client would lose the answer."""
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
