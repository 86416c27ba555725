"""A PostgreSQL with PostGIS, where the machine has Debian's packages: a cluster of its own on a free port."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.system import free_port

SERVERS = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")
SAYS = "PostGIS is not installed here (on Debian `make postgis` installs it, as root)"


def programs() -> Path | None:
    """The folder of a server's programs that has PostGIS, the newest one."""
    found = [each for each in SERVERS.glob("*/bin") if (each / "initdb").exists()]
    found = [each for each in found if (EXTENSIONS / each.parent.name / "extension" / "postgis.control").exists()]
    return max(found, key=lambda each: int(each.parent.name), default=None)


@contextmanager
def server(bin: Path, files: Mapping[str, str] | None = None, *options: str) -> Iterator[str]:
    """The URL of a database with PostGIS, on loopback, with these files and options of its own.

    PostgreSQL refuses root, which lends it another user.
    """
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(mkdtemp(prefix="graphmill-postgis-"))
    port, data = free_port(), folder / "data"
    if user:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        quiet = subprocess.DEVNULL
        subprocess.run(command, user=user, check=True, timeout=60, cwd=folder, stdout=quiet, stderr=quiet)

    run(str(bin / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    for name, text in (files or {}).items():
        (data / name).write_text(text)
        (data / name).chmod(0o600)
        if user:
            shutil.chown(data / name, user)
    said = f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off -c unix_socket_directories={folder}"
    said = " -c ".join([said, *options])
    try:
        run(str(bin / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", said, "start")
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(str(bin / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)
