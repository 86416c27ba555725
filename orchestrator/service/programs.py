"""What `graphmill up` keeps running, as supervisord's configuration."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.memory import GIVE_BACK
from orchestrator.service.home import workspace
from orchestrator.settings import Settings

DATABASE, CODE_SERVER, API, DAEMON, WEBSERVER = "database", "code-server", "api", "daemon", "webserver"
STEPS: tuple[tuple[str, ...], ...] = ((DATABASE,), (CODE_SERVER, API), (DAEMON, WEBSERVER))
USERS = "graphmill"  # of the database
# Dead children are started again for ever: supervisord counts the attempts in a row, and gives up after these.
FOR_EVER = 10**9


@dataclass(frozen=True)
class Program:
    """One kept process: a Python module and its arguments; it has `stop_s` seconds to end."""

    name: str
    command: tuple[str, ...]
    stop_s: int
    environment: Mapping[str, str] = field(default_factory=dict)

    def section(self, logs: Path) -> str:
        """Its part of supervisord.conf. None starts by itself: `up` starts them step by step."""
        command = " ".join(shlex.quote(part) for part in (sys.executable, "-m", *self.command))
        lines = {
            "command": command.replace("%", "%%"),
            "autostart": "false",
            "environment": ",".join(f'{name}="{value}"' for name, value in self.environment.items()),
            "priority": "1",
            "autorestart": "true",
            "startsecs": "1",
            "startretries": str(FOR_EVER),
            "stopwaitsecs": str(self.stop_s),
            "killasgroup": "true",
            "redirect_stderr": "true",
            # supervisord expands this one twice.
            "stdout_logfile": str(logs / f"{self.name}.log").replace("%", "%%%%"),
            "stdout_logfile_maxbytes": "20MB",
            "stdout_logfile_backups": "2",
        }
        return f"[program:{self.name}]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def programs(settings: Settings) -> dict[str, Program]:
    """The programs by name; the database only where it is the embedded one."""
    where = ("--log-format", "json", "-w", str(workspace(settings)))
    api = ("uvicorn", "--factory", "api.app:served", "--no-access-log", "--timeout-graceful-shutdown", "2")
    dagster = ("-h", "127.0.0.1", "-p", str(settings.dagster_port))
    made = [
        Program(DATABASE, ("orchestrator.service.keeper",), 5),
        Program(CODE_SERVER, ("orchestrator.service.code_server",), 7),
        Program(DAEMON, ("dagster._daemon", "run", *where), 2),
        Program(WEBSERVER, ("dagster_webserver", *dagster, *where), 2),
        Program(API, (*api, "--host", settings.host, "--port", str(settings.port)), 4, GIVE_BACK),
    ]
    return {program.name: program for program in made if program.name != DATABASE or not settings.database_url}


def configuration(chosen: Mapping[str, Program], home: Path) -> str:
    """The whole supervisord.conf."""
    folder, logs = (str(home / name).replace("%", "%%") for name in ("supervisor", "logs"))
    # Without a user supervisord warns root at every start; it is who we are already.
    user = "user=root\n" if os.geteuid() == 0 else ""
    head = (
        f"[supervisord]\nnodaemon=true\nsilent=true\n{user}logfile={logs}/supervisor.log\n"
        f"pidfile={folder}/supervisord.pid\nchildlogdir={logs}\nlogfile_maxbytes=10MB\nlogfile_backups=1\n"
    )
    # The group with the highest priority stops first, all its programs at once, and the database when they have.
    users = ",".join(name for name in chosen if name != DATABASE)
    group = f"[group:{USERS}]\nprograms={users}\npriority=1000\n"
    return "\n".join([head, *(program.section(home / "logs") for program in chosen.values()), group])
