"""Which addresses an HTTP reader may call, checked on the very address that is connected to.

A name is resolved once, each of its addresses is checked, and the connection goes to one that passed. So neither a name
that resolves differently a moment later (DNS rebinding) nor a redirect gets round the check.
"""

import ipaddress
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from orchestrator.errors import NodeError
from orchestrator.formats.http.timed import TimedStream
from orchestrator.settings import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Python takes these for public: IPv4 in IPv6 as it is translated within a network, once was written, or was tunnelled;
# addresses of one site; documentation.
NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96", "fec0::/10", "3fff::/20", "5f00::/16"))
)


def is_public(text: str) -> bool:
    """Whether an address is on the public internet, also where an IPv4 address is wrapped in an IPv6 one."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    if any(address in each for each in NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast


def checked(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses of a host that may be called, in the order in which to try them.

    Raises:
        NodeError: `address_not_allowed`, `http_error` where the name is not known.
    """
    import socket

    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NodeError(f"Host '{host}' is not known.", code="http_error", path="/config/url") from None
    return _allowed(host, [str(each[4][0]) for each in found], private=private)


def check_written(host: str) -> None:
    """Refuse a host that is written as an address which the server's settings do not allow; no name is looked up.

    Raises:
        NodeError: `address_not_allowed`.
    """
    import socket

    numeric = "127.0.0.1" if host.rstrip(".").lower() == "localhost" else host
    try:
        found = socket.getaddrinfo(numeric, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    _allowed(host, [str(each[4][0]) for each in found], private=settings().allow_private_addresses)


def _allowed(host: str, found: list[str], *, private: bool) -> list[str]:
    addresses = list(dict.fromkeys(found))
    allowed = [each for each in addresses if private or is_public(each)]
    if not allowed:
        message = f"Host '{host}' is at a loopback or private address, which is not allowed."
        hint = "GRAPHMILL_ALLOW_PRIVATE_ADDRESSES allows it"
        raise NodeError(message, code="address_not_allowed", path="/config/url", hint=hint)
    return allowed


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, *, private: bool) -> None:
        self.private = private
        self.inner = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """A connection to the first address that answers."""
        addresses = checked(host, port, private=self.private)
        for address in addresses[:-1]:
            try:
                return TimedStream(self.inner.connect_tcp(address, port, timeout, local_address, socket_options))
            except httpcore.ConnectError:
                continue
        return TimedStream(self.inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options))

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never. Raises NodeError, `address_not_allowed`."""
        raise NodeError("A local socket is not allowed.", code="address_not_allowed", path="/config/url")


def client(*, private: bool, timeout_s: float, connections: int = 10) -> httpx.Client:
    """A client that calls checked addresses, follows no redirect and takes no proxy from the environment."""
    context = ssl.create_default_context()
    transport = httpx.HTTPTransport(verify=context, trust_env=False)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context, network_backend=CheckedBackend(private=private), max_connections=connections
    )
    return httpx.Client(transport=transport, trust_env=False, timeout=timeout_s, follow_redirects=False)
