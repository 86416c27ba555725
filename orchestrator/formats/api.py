"""`api`: the JSON answers of a web service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from orchestrator.errors import NodeError
from orchestrator.formats import json_records
from orchestrator.formats.base import Context, Reader, Relation, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.http.paging import MANY, AnyPaging, NoPaging, resolve
from orchestrator.formats.http.templates import check_headers, unsendable
from orchestrator.formats.json_records import Pointer
from orchestrator.formats.problems import sentences
from orchestrator.formats.reading import read
from orchestrator.formats.workplace import empty, new_file, workplace
from orchestrator.ops.base import UnknownColumns
from orchestrator.ops.settings import invalid, refusing
from orchestrator.settings import settings


def _url(text: str) -> str:
    import httpx

    from orchestrator.formats.http.addresses import check_written

    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise ValueError("this is not an address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("an address begins with http:// or https:// and a host")
    if url.userinfo:
        raise ValueError("a name and password do not belong into the address: use headers")
    with refusing():
        check_written(url.host)
    return text


class Declared(BaseModel):
    """A column of the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = option(..., "The key in a record.", "id", min_length=1)
    type: ColumnType = option(..., "The column's type.", "BIGINT", "combobox")


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in check_headers(headers).items():
        if said := unsendable({name: value}):
            raise invalid(said, name)
    return headers


class ApiReader(Reader):
    """Records from a web service: GET or POST of JSON, page by page.

    Its columns are not known before the run, unless `declared` says them; then each record gives these and no others.
    """

    name: ClassVar[str] = "api"
    label: ClassVar[str] = "Web service"

    url: Annotated[str, AfterValidator(_url)] = option(
        ..., "The address, http or https.", "https://example.org/api/items", "url", max_length=8000
    )
    method: Literal["GET", "POST"] = option("GET", "How to ask.", "POST", "select")
    headers: Annotated[dict[str, str], AfterValidator(_sendable)] = option(
        {}, "Sent to this host only.", {"Authorization": "Bearer ${token}"}, "map"
    )
    params: dict[str, str | int | float | bool] = option({}, "Added to the address.", {"from": "2024-01-01"}, "map")
    body: JsonValue = option(None, "Sent as JSON.", {"query": "all"}, "json")
    records: Pointer = option("", "Where the list of records is, as a JSON pointer.", "/data/items")
    paging: AnyPaging = Field(
        NoPaging(), description="How further records are asked for.", examples=[{"type": "page", "parameter": "page"}],
        json_schema_extra={"x-ui": {"widget": "variants"}},
    )  # fmt: skip
    declared: list[Declared] | None = option(
        None,
        "Columns of the answer, so that they are known before the run.",
        [{"name": "id", "type": "BIGINT"}],
        "columns",
    )
    timeout_s: float = option(30.0, "Seconds for one answer.", 5, "number", gt=0, le=3600)
    retries: int = option(2, "Further attempts after 429, 5xx or a lost connection.", 5, "number", ge=0, le=10)

    def load(self, context: Context) -> Relation:
        """Ask now, keep the records in the run's folder, and give a relation over them.

        Raises UnknownColumns, in design, where none are declared; NodeError: there is no answer, or no table in it.
        """
        columns = {each.name: each.type for each in self.declared or ()}
        if context.design:
            if not columns:
                raise UnknownColumns(
                    "the columns of a web service are known when it answers, or when they are declared"
                )
            return empty(context, columns)
        with workplace(context) as (connection, folder), sentences("The answer", context.root):
            file = new_file(folder, ".ndjson")
            if not self._save(file):
                return self._nothing(context, columns)
            options = {"format": "newline_delimited", "sample_size": -1}
            if columns:
                query = read(
                    "read_json", file, {"format": "newline_delimited", "auto_detect": False, "columns": columns}
                )
                found = connection.sql(query)
            else:
                found = json_records.table(connection, file, options, {})
            mine = connection is context.session.connection
            return found if mine else context.session.arrow(found.to_arrow_table())

    def _nothing(self, context: Context, columns: dict[str, str]) -> Relation:
        if columns:
            return empty(context, columns)
        message = f"{urlsplit(self.url).hostname} gave no record, so that the columns are not known."
        raise NodeError(message, code="file_empty", path="/config/url", hint="declared: names and types of the columns")

    def _save(self, file: Path) -> int:
        count = 0
        with file.open("w", encoding="utf-8") as made:
            for records in self._pages():
                made.writelines(json.dumps(record) + "\n" for record in records)
                count += len(records)
        return count

    def _pages(self) -> Iterator[list[Any]]:
        import httpx

        from orchestrator.formats.http import addresses, pages

        first = httpx.URL(self.url).copy_merge_params({**self.params, **self.paging.first()})
        request = pages.Request(self.method, first, self.headers, self.body)
        most, before, url = self.paging.max_pages or MANY, None, first
        with addresses.client(private=settings().allow_private_addresses, timeout_s=self.timeout_s) as client:
            for _ in range(most):
                answer = pages.fetch(client, request.at(url), timeout_s=self.timeout_s, retries=self.retries)
                records = self._records(answer.document, first.host)
                if before is not None and records and records == before:
                    raise pages.refused(f"{first.host} gave the same page twice: its paging is another one.")
                yield records
                found = self.paging.following(url, answer.document, answer.next, len(records))
                if found is None:
                    return
                url, before = found, records
        if self.paging.max_pages is None:
            raise pages.refused(f"{first.host} has more than {MANY:,} pages.")

    def _records(self, document: Any, host: str) -> list[Any]:
        found = resolve(document, self.records)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            kind = type(found).__name__.replace("dict", "an object").replace("NoneType", "nothing")
            kind = "a list of something else" if isinstance(found, list) else kind
            message = f"{host} gave no table: there is {kind} at '{self.records}', and a list of objects is needed."
            lists = (
                [f"/{key}" for key, value in document.items() if isinstance(value, list)]
                if isinstance(document, dict)
                else []
            )
            hint = f"records: {' or '.join(lists)}" if lists else None
            raise NodeError(message, code="no_table", path="/config/records", hint=hint)
        return found
