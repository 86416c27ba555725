"""Names in paths. A node id may hold anything, a `/` too: routes are matched while `%2F` is still `%2F`."""

import re
from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

SLASH_OR_PERCENT = re.compile(rb"%(2[Ff]|25)")


class Name(Convertor[str]):
    """`{node_id:name}`: one segment of the path, decoded."""

    regex = "[^/]*"

    def convert(self, value: str) -> str:
        """What the client meant: the rest of the decoding."""
        return unquote(value)

    def to_string(self, value: str) -> str:
        """The segment as a path holds it."""
        return segment(value)


class Below(Name):
    """`{path:below}`: all the rest of the path, decoded."""

    regex = r"[\s\S]+"  # a line break, too


register_url_convertor("name", Name())
register_url_convertor("below", Below())


def segment(value: str) -> str:
    """Any text as one segment of a path; dots too, which clients would take for a step up."""
    from urllib.parse import quote

    return "%2E" * len(value) if value in (".", "..") else quote(value, safe="")


class KeepSlashes:
    """Middleware: decodes the path but for `%2F` and `%25`, which `Name` decodes after the match."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        raw = scope.get("raw_path")
        if raw and b"%2" in raw:
            scope = {**scope, "path": unquote(SLASH_OR_PERCENT.sub(rb"%25\1", raw).decode("ascii", "replace"))}
        await self.app(scope, receive, send)
