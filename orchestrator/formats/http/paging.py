"""How a web service gives its records in pages."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.formats.base import option
from orchestrator.formats.json_records import Pointer
from orchestrator.pointers import parts

if TYPE_CHECKING:
    import httpx

MANY = 10_000


class Paging(BaseModel):
    """What all kinds share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_pages: int | None = option(None, "Stop after so many pages; all by default.", 10, "number", ge=1, le=MANY)

    def first(self) -> dict[str, Any]:
        """Query parameters of the first page."""
        return {}

    def following(self, url: "httpx.URL", document: Any, link: str | None, count: int) -> "httpx.URL | None":
        """The address after a page of `count` records, or None at the end."""
        return None


class NoPaging(Paging):
    """One answer has everything."""

    type: Literal["none"] = option("none", "All records in one answer.", "none", "select")


class PageNumber(Paging):
    """A parameter counts pages; the end is a page without records, or a short one."""

    type: Literal["page"] = option("page", "A parameter counts pages.", "page", "select")
    parameter: str = option("page", "The parameter's name.", "page", min_length=1)
    start: int = option(1, "The first page's number.", 0, "number")
    size_parameter: str | None = option(None, "The parameter for records per page.", "per_page")
    size: int | None = option(None, "Records per page.", 100, "number", ge=1)

    def first(self) -> dict[str, Any]:
        """The start, and the size where it is said."""
        size = {self.size_parameter: self.size} if self.size_parameter and self.size else {}
        return {self.parameter: self.start, **size}

    def following(self, url: "httpx.URL", document: Any, link: str | None, count: int) -> "httpx.URL | None":
        """One more."""
        if not count or (self.size and count < self.size):
            return None
        return url.copy_set_param(self.parameter, int(url.params[self.parameter]) + 1)


class Offset(Paging):
    """Parameters for how many records to leave out and how many to give; the end is a short page."""

    type: Literal["offset"] = option("offset", "Parameters for offset and limit.", "offset", "select")
    offset_parameter: str = option("offset", "The parameter for records to leave out.", "skip", min_length=1)
    limit_parameter: str = option("limit", "The parameter for records per page.", "take", min_length=1)
    limit: int = option(100, "Records per page.", 500, "number", ge=1)

    def first(self) -> dict[str, Any]:
        """From the beginning."""
        return {self.offset_parameter: 0, self.limit_parameter: self.limit}

    def following(self, url: "httpx.URL", document: Any, link: str | None, count: int) -> "httpx.URL | None":
        """As many further as came."""
        if not count:
            return None
        return url.copy_set_param(self.offset_parameter, int(url.params[self.offset_parameter]) + count)


class NextLink(Paging):
    """Each answer has the next one's address inside."""

    type: Literal["next"] = option("next", "The next address is in the answer.", "next", "select")
    pointer: Pointer = option("/next", "Where it is, as a JSON pointer.", "/links/next", min_length=1)

    def following(self, url: "httpx.URL", document: Any, link: str | None, count: int) -> "httpx.URL | None":
        """What stands there, if it is text."""
        found = resolve(document, self.pointer)
        return url.join(found) if isinstance(found, str) and found else None


class LinkHeader(Paging):
    """A `Link` header with `rel="next"`."""

    type: Literal["link"] = option("link", "The next address is in the Link header.", "link", "select")

    def following(self, url: "httpx.URL", document: Any, link: str | None, count: int) -> "httpx.URL | None":
        """What the header says."""
        return url.join(link) if link else None


AnyPaging = Annotated[NoPaging | PageNumber | Offset | NextLink | LinkHeader, Field(discriminator="type")]


def resolve(document: Any, pointer: str) -> Any:
    """What is at a JSON pointer (RFC 6901), or None."""
    for key in parts(pointer):
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document
