"""`http_request`: FME's HTTPCaller."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, field_validator

from orchestrator.carried import to_arrow
from orchestrator.errors import NodeError
from orchestrator.faults import unknown_column
from orchestrator.formats.http import templates
from orchestrator.formats.http.templates import Template, check_headers, unsendable
from orchestrator.ops._types import nested
from orchestrator.ops.base import Context, Op, Relation
from orchestrator.ops.settings import invalid, refusing
from orchestrator.sql import names, quote

REASONS = ("rejection_code", "rejection_message")
TYPED = frozenset({"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE"})


def _check_host(text: str) -> None:
    from orchestrator.formats.http.addresses import check_written

    check_written(text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0])


class Called(NamedTuple):
    """Where a row goes."""

    result: Annotated[Relation, "Rows with their answer."]
    rejected: Annotated[Relation, "Rows without one, as they came, with `rejection_code` and `rejection_message`."]


class HttpRequest(Op):
    """Call a web service once for each row, and add what it answers.

    `{column}` in the address, headers, parameters and body stands for the row's value; a brace is written twice. In the
    address values are percent-encoded and null rejects the row; an address that is one column alone is taken as it is.
    A header or parameter whose value is null is left out. In the body a column alone keeps its type, but for decimals,
    whose digits are kept as text.

    A row is rejected when there is no answer after all attempts, or one with a status other than 2xx and those in
    `accept`. 429, 5xx and lost connections are tried again, after the time that Retry-After says if that is a minute at
    most. Rows keep their order.
    """

    title: ClassVar[str] = "HTTP request"
    category: ClassVar[str] = "Advanced"
    example: ClassVar[dict[str, Any]] = {"url": "https://example.org/items/{code}"}

    url: Template = Field(
        min_length=1, max_length=8000, description="The address, http or https.", examples=["https://example.org/{id}"]
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = Field("GET", description="How to ask.")
    headers: Annotated[dict[str, Template], AfterValidator(check_headers)] = Field(
        {}, description="Sent to this host only.", examples=[{"Authorization": "Bearer ${token}"}]
    )
    params: dict[str, Template] = Field({}, description="Added to the address.", examples=[{"q": "{name}"}])
    body: Annotated[JsonValue, BeforeValidator(templates.document)] = Field(
        None, description="Sent as JSON.", examples=[{"id": "{id}", "text": "{first} {last}"}]
    )
    response: Literal["text", "json"] = Field("text", description="What the answer's body is.")
    with_headers: bool = Field(False, description="Whether the answer's headers are added, as JSON.")
    prefix: str = Field("response_", max_length=100, description="Before the names of the new columns.")
    accept: list[Annotated[int, Field(ge=100, le=599)]] = Field(
        [], description="Statuses that are an answer too, besides 2xx.", examples=[[404]]
    )
    concurrency: int = Field(5, ge=1, le=25, description="Calls at the same time.")
    requests_per_second: float | None = Field(
        None, gt=0, le=1000, description="At most so many calls a second.", examples=[10]
    )
    timeout_s: float = Field(30, gt=0, le=3600, description="Seconds for one answer.")
    retries: int = Field(2, ge=0, le=10, description="Further attempts.")
    max_requests: int = Field(
        10_000, ge=1, le=1_000_000, description="A table of more rows is refused, without a call."
    )

    @field_validator("url")
    @classmethod
    def _to_a_host(cls, url: str) -> str:
        if templates.alone(url) is not None:
            return url
        scheme, found, rest = url.partition("://")
        host = rest.replace("?", "/").replace("#", "/").partition("/")[0]
        if scheme not in ("http", "https") or not found or not host:
            raise invalid("An address begins with http:// or https:// and a host.")
        if "@" in host:
            raise invalid("A name and password do not belong into the address: use headers.")
        if "{" in host:
            raise invalid("A column cannot be a part of the host: write it out, or give the whole address as {column}.")
        with refusing():
            _check_host(host)
        return url

    def run(self, table: Annotated[Relation, "The rows to call for."], context: Context) -> Called:
        """All answers are waited for; in design no address is called.

        Raises NodeError: `unknown_column`, `duplicate_column`, `too_large`.
        """
        self._check(table)
        new = {"status": "INTEGER", "body": "JSON" if self.response == "json" else "VARCHAR", "headers": "JSON"}
        new = {self.prefix + key: kind for key, kind in new.items() if key != "headers" or self.with_headers}
        for name in new:
            if name.lower() in {each.lower() for each in table.columns}:
                message = f"Column '{name}' is there already: give another prefix."
                raise NodeError(message, code="duplicate_column", path="/config/prefix")
        made, helpers = self._answered(table, context)
        answers = [
            f"{helper}::{kind} AS {quote(name)}" for helper, (name, kind) in zip(helpers[:3], new.items(), strict=False)
        ]
        code, said = helpers[3:]
        kept = [quote(each) for each in table.columns]
        plain = [quote(each) for each in table.columns if each.lower() not in REASONS]
        reasons = [f"{code} AS {REASONS[0]}", f"{said} AS {REASONS[1]}"]
        return Called(
            made.filter(f"{code} IS NULL").project(", ".join([*kept, *answers])),
            made.filter(f"{code} IS NOT NULL").project(", ".join([*plain, *reasons])),
        )

    def _used(self) -> list[str]:
        places = [self.url, self.headers, self.params, self.body]
        return list(dict.fromkeys(name for place in places for name in templates.columns_in(place)))

    def _check(self, table: Relation) -> None:
        for setting in ("url", "headers", "params", "body"):
            for name in templates.columns_in(getattr(self, setting)):
                if name not in table.columns:
                    error = unknown_column(name, table.columns, "table")
                    error.path = f"/config/{setting}"
                    raise error

    def _answered(self, table: Relation, context: Context) -> tuple[Relation, list[str]]:
        """The rows with five helper columns behind them: status, body, headers, and why there is no answer."""
        import pyarrow

        arrow = to_arrow(table.limit(0 if context.design else self.max_requests + 1))
        if arrow.num_rows > self.max_requests:
            message = f"There are more than {self.max_requests:,} rows, and so many calls at most are allowed."
            raise NodeError(message, code="too_large", path="/config/max_requests")
        taken = {each.lower() for each in table.columns}
        helpers: list[str] = []
        found = list(self._outcomes(context.session.arrow(arrow), arrow.num_rows))
        for index in range(5):
            helpers.append(next(name for n in range(len(taken) + 1) if (name := f"_{index}_{n}") not in taken))
            kind = pyarrow.int32() if index == 0 else pyarrow.string()
            arrow = arrow.append_column(helpers[-1], pyarrow.array([each[index] for each in found], kind))
        return context.session.arrow(arrow), helpers

    def _outcomes(self, table: Relation, count: int) -> Iterator[tuple[Any, ...]]:
        """Status, body, headers, code and message for each row."""
        if not count:
            return
        from orchestrator.ops._calls import Limits, outcomes

        kinds, used = names(table), self._used()
        as_json = {each for each in used if nested(kinds[each]) or kinds[each] == "JSON"}
        texts = {each: f"to_json({quote(each)})" if each in as_json else quote(each) for each in used}
        fields = [sql if kinds[each] in TYPED else f"{sql}::VARCHAR" for each, sql in texts.items()]
        found = table.project(", ".join(fields)).fetchall() if used else [()] * count
        rows = [dict(zip(used, each, strict=True)) for each in found]
        for row in rows:
            row.update((each, json.loads(row[each])) for each in as_json if row[each] is not None)
        accept = frozenset(self.accept)
        limits = Limits(self.concurrency, self.requests_per_second, self.timeout_s, self.retries, accept)
        for made in outcomes(rows, self._asked, self.response == "json", limits):
            if made.error is not None or made.answer is None:
                error = made.error or NodeError("There is no answer.")
                yield None, None, None, error.code, error.message
            else:
                yield made.answer.status, made.body, json.dumps(dict(made.answer.headers)), None, None

    def _asked(self, row: dict[str, Any]) -> Any:
        import httpx

        from orchestrator.formats.http.pages import Request

        try:
            url = httpx.URL(templates.address(self.url, row))
            if url.scheme not in ("http", "https") or not url.host or url.userinfo:
                raise ValueError
        except (httpx.InvalidURL, ValueError):
            message = "This is not an address that begins with http:// or https:// and a host."
            raise NodeError(message, code="invalid_value") from None
        params, headers = (
            {key: value for key, text in said.items() if (value := templates.filled(text, row)) is not None}
            for said in (self.params, self.headers)
        )
        if said := unsendable(headers):
            raise NodeError(said, code="invalid_value")
        body = templates.as_json(self.body, row)
        try:
            json.dumps(body, allow_nan=False)
        except ValueError:
            raise NodeError("The body holds a number that JSON has not, such as NaN.", code="invalid_value") from None
        return Request(self.method, url.copy_merge_params(params), headers, body)
