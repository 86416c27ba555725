"""The ports that `graphmill up` listens on."""

import socket

from orchestrator.errors import Conflict
from orchestrator.settings import Settings


def check_ports(settings: Settings) -> None:
    """Raises Conflict for a port that another program uses."""
    wanted = {
        ("GRAPHMILL_PORT", settings.host, settings.port),
        ("GRAPHMILL_DAGSTER_PORT", "127.0.0.1", settings.dagster_port),
        ("GRAPHMILL_CODE_SERVER_PORT", "127.0.0.1", settings.code_server_port),
    }
    for name, host, port in sorted(wanted):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, port))
            except OSError as error:
                message = f"Port {port} of {host} cannot be used: {error.strerror}. Set {name} to another one."
                raise Conflict(message, code="port_in_use") from error
