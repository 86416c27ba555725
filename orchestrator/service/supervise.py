"""`graphmill up`: everything in the foreground, kept running by supervisord inside this process."""

import os
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path

from supervisor import events
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.process import Subprocess
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from orchestrator.database import dagster_url, database_url, embedded, prepare
from orchestrator.embedded import running
from orchestrator.errors import GraphmillError
from orchestrator.service.home import prepare_home
from orchestrator.service.ports import check_ports
from orchestrator.service.programs import CODE_SERVER, DATABASE, STEPS, USERS, configuration, programs
from orchestrator.service.session import TOKEN, session
from orchestrator.settings import Settings, settings

LONGEST_WAIT = 10  # seconds between two attempts to start what will not start
SAID = {
    ProcessStates.RUNNING: "runs (process {pid}).",
    ProcessStates.BACKOFF: "did not start; it is tried again. See {log}.",
    ProcessStates.EXITED: "ended; it is started again. See {log}.",
    ProcessStates.STOPPED: "stopped.",
}


def say(text: str) -> None:
    """One line for the person at the terminal."""
    print(text, flush=True)


class Keeper(Supervisor):  # type: ignore[misc]
    """supervisord, starting the programs step by step: each step when the one before works."""

    def __init__(self, options: ServerOptions, now: Settings) -> None:
        super().__init__(options)
        self._settings = now
        self._names = programs(now)
        self._to_start = [names for step in STEPS if (names := [name for name in step if name in self._names])]
        self._up = False

    def runforever(self) -> None:
        """Until a signal; called by supervisord's `run`, which has just forgotten all subscriptions."""
        events.subscribe(events.ProcessStateEvent, self.tell)
        super().runforever()

    def tell(self, event: events.ProcessStateEvent) -> None:
        """Say what became of a program, where it is worth a line."""
        process: Subprocess = event.process
        stopping = self.options.mood < SupervisorStates.RUNNING
        if line := SAID.get(process.state):
            if stopping and process.state is not ProcessStates.STOPPED:
                return
            name = process.config.name
            say(f"{name:12} {line.format(pid=process.pid, log=f'logs/{name}.log')}")

    def tick(self, now: float | None = None) -> None:
        """Called about once a second."""
        super().tick(now)
        for group in self.process_groups.values():
            for process in group.processes.values():
                process.backoff = min(process.backoff, LONGEST_WAIT)
        if self.options.mood is SupervisorStates.RUNNING:
            self.go_on()

    def go_on(self) -> None:
        """Start the next step where its turn has come; say when all is up."""
        if self._to_start and self.works_so_far():
            for name in self._to_start.pop(0):
                self.process_groups[name if name == DATABASE else USERS].processes[name].spawn()
        elif not self._up and not self._to_start and listens(self._settings.host, self._settings.port):
            self._up = True
            say(f"Graphmill is up: http://{self._settings.host}:{self._settings.port}")
            say(f"Dagster's own pages: http://127.0.0.1:{self._settings.dagster_port}  (Ctrl-C stops everything)")

    def works_so_far(self) -> bool:
        """Whether the steps already started give what the next one needs."""
        started = {name for name in self._names if not any(name in step for step in self._to_start)}
        if DATABASE in started and running(self._settings.home) is None:
            return False
        return CODE_SERVER not in started or listens("127.0.0.1", self._settings.code_server_port)


def listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.settimeout(0.2)
        return tried.connect_ex((host, port)) == 0


def up(now: Settings) -> None:
    """Run database, code server, daemon, webserver and API until Ctrl-C or SIGTERM; then stop them all.

    Raises Conflict when the home or a port is in use, Unavailable when the database does not start.
    """
    home = now.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with session(home) as token:
        check_ports(now)
        say(f"Graphmill starts; its home is {home}.")
        environment = prepared(now)
        os.environ.update(environment | {TOKEN: token})
        supervise(now, home)
    say("Graphmill has stopped.")


def prepared(now: Settings) -> dict[str, str]:
    """Bring the database and the home up to date, once, before any process could do it at the same time as another."""
    from orchestrator.service.storage import create_tables

    with nullcontext() if now.database_url else embedded(now.home):
        url = database_url(now)
        prepare(url)
        create_tables(dagster_url(url))
        return prepare_home(now)


def supervise(now: Settings, home: Path) -> None:
    """supervisord's own main, with our configuration, in this process."""
    file = home / "supervisor" / "supervisord.conf"
    file.write_text(configuration(programs(now), home))
    options = ServerOptions()
    options.realize(["-c", str(file), "-n"])
    options.first, options.test = True, False  # what supervisord.main says for a process that is not reloaded
    keeper = Keeper(options, now)
    try:
        keeper.main()
    except ExitNow:
        pass
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


if __name__ == "__main__":
    try:
        up(settings())
    except GraphmillError as error:
        sys.exit(error.message)
