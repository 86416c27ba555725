"""The embedded PostgreSQL over TCP: it listens on a socket alone, and stored connections lead to no socket."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa


@contextmanager
def served(url: str) -> Iterator[int]:
    """The port of 127.0.0.1 that leads to the server of this URL."""
    query = sa.make_url(url).query
    path = f"{query['host']}/.s.PGSQL.{query['port']}"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, path), daemon=True).start()
        yield listening.getsockname()[1]


def _accept(listening: socket.socket, path: str) -> None:
    with suppress(OSError):
        while True:
            near, _ = listening.accept()
            threading.Thread(target=_pump, args=(near, path), daemon=True).start()


def _pump(near: socket.socket, path: str) -> None:
    """Hand on what comes from either side until one of them ends."""
    with near, socket.socket(socket.AF_UNIX) as far, suppress(OSError):
        far.connect(path)
        while True:
            for source in select.select([near, far], [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                (far if source is near else near).sendall(data)
