"""What `json`, `ndjson` and `api` share: lists of JSON objects as tables, by DuckDB's reader."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import duckdb
from pydantic import AfterValidator

from orchestrator.errors import NodeError, at
from orchestrator.formats import json_stream
from orchestrator.formats.json_late import check_late
from orchestrator.formats.reading import pattern, read
from orchestrator.formats.workplace import known
from orchestrator.ops.base import Relation
from orchestrator.sql import literal, quote
from orchestrator.suggest import listing, near

SAMPLE = 100_000
SMALL = 16 << 20  # bytes of a document in which DuckDB finds a list: it takes 40 times as many
RENAMED = re.compile(r"(.+)_\d+")
LARGE = re.compile(r"\bHUGEINT(?=[,)\[]|$)")
MOMENT = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
TIMES = {MOMENT: "TIMESTAMP", MOMENT + r" ?(Z|[+-]\d{2}(:?\d{2})?)": "TIMESTAMP WITH TIME ZONE"}
# DuckDB's detection takes whole numbers with more digits than BIGINT has for DOUBLE; the last that fits counts.
WHOLE = r"-?(0|[1-9]\d"
DIGITS = {"*)": "VARCHAR", "{0,37})": "DECIMAL(38,0)"}
SNIFFING = {"map_inference_threshold": -1, "records": "true"}

# Looking at many records takes longer than reading them, and the editor asks again after every change of a graph.
_described: dict[Any, Mapping[str, str]] = {}


def _pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError(f"a path into JSON begins with '/', such as '/{text}'")
    return text


Pointer = Annotated[str, AfterValidator(_pointer)]


def table(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], types: Mapping[str, str],
    *, late: bool = False,
) -> Relation:  # fmt: skip
    """The objects of a file; types are taken from its first `sample_size` records, and `types` override them.

    With `late` the other records are seen to fit.

    Raises:
        NodeError: `no_table`, `unknown_column`; `mixed_types`: a later record does not fit.
    """
    columns = dict(_columns(connection, path, options))
    if not columns and not types:
        why = "a key is empty, which names no column" if _has_empty_key(connection, path, options) else (
            "its objects have no keys, and so it has no columns"
        )  # fmt: skip
        raise NodeError(f"This is no table: {why}.", code="no_table", hint="types: names and types of the columns")
    columns = columns or dict(types)
    for name, kind in types.items():
        if name not in columns:
            with at(f"/types/{name}"):
                message = f"Column '{name}' is not in this data.{near(name, columns)}"
                raise NodeError(message, code="unknown_column", hint=listing(columns))
        columns[name] = kind
    if _same_but_for_case(columns):
        return connection.sql(read("read_json", path, {**options, **SNIFFING}))
    made = connection.sql(read("read_json", path, {**_fixed(options), "columns": columns}))
    if late:
        check_late(connection, path, options, made, types)
    return made


def _columns(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]) -> Mapping[str, str]:
    stat = path.stat()
    version = (str(path), stat.st_mtime_ns, stat.st_size, tuple(sorted(options.items())))
    if version not in _described:
        try:
            found = connection.sql(read("read_json", path, {**options, **SNIFFING}))
        except duckdb.BinderException:
            if _has_only_objects(connection, path, options):
                return {}
            raise NodeError("This is no table: its list holds something else than objects.", code="no_table") from None
        if len(_described) >= 256:
            _described.clear()
        plain = {name: known(kind) for name, kind in zip(found.columns, found.types, strict=True)}
        _described[version] = plain if _same_but_for_case(plain) else _refined(connection, path, options, plain)
    return _described[version]


def _has_only_objects(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]) -> bool:
    objects = read("read_json_objects", path, {"format": options["format"]})
    kinds = connection.execute(f"SELECT DISTINCT json_type(json) {objects}").fetchall()
    return kinds == [("OBJECT",)]


def _has_empty_key(connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]) -> bool:
    objects = read("read_json_objects", path, {"format": options["format"]})
    return bool(connection.execute(f"SELECT 1 {objects} WHERE '' IN json_keys(json) LIMIT 1").fetchall())


def _refined(
    connection: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any], columns: Mapping[str, str]
) -> Mapping[str, str]:
    """What DuckDB's detection leaves: it has HUGEINT for -1 and 1, and text for times written in two ways."""
    sample = options["sample_size"]
    limit = f" LIMIT {sample}" if sample >= 0 else ""
    fixed = _fixed(options)
    made = {name: LARGE.sub("BIGINT", kind) for name, kind in columns.items()}
    if made != columns:
        try:
            rows = read("read_json", path, {**fixed, "columns": made})
            connection.execute(f"SELECT {_counts(made)} FROM ({rows}{limit})").fetchall()
        except duckdb.Error:
            made = dict(columns)
    text = [name for name, kind in made.items() if kind == "VARCHAR"]
    large = [name for name, kind in made.items() if kind == "DOUBLE"]
    if text or large:
        rows = read("read_json", path, {**fixed, "columns": {**made, **dict.fromkeys(large, "VARCHAR")}})
        forms = [(name, form, kind) for name in text for form, kind in TIMES.items()]
        forms += [(name, WHOLE + rest, kind) for name in large for rest, kind in DIGITS.items()]
        fields = ", ".join(f"bool_and(regexp_full_match({quote(name)}, {literal(form)}))" for name, form, _ in forms)
        found = connection.execute(f"SELECT {fields} FROM ({rows}{limit})").fetchall()[0]
        made |= {name: kind for (name, _, kind), fits in zip(forms, found, strict=True) if fits}
    return made


def _fixed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a reader that is told the columns."""
    return {"format": options["format"], "auto_detect": False, "records": "true"}


def _counts(columns: Mapping[str, str]) -> str:
    return ", ".join(f"count({quote(name)})" for name in columns)


def _same_but_for_case(columns: Mapping[str, str]) -> bool:
    """Whether two keys differ in case alone: DuckDB renamed one, and only its own detection knows which."""
    lower = {name.lower() for name in columns}
    return any((found := RENAMED.fullmatch(name)) and found[1].lower() in lower for name in columns)


def extract(connection: duckdb.DuckDBPyConnection, path: Path, pointer: str, target: Path, most: int = -1) -> None:
    """Write the objects of the list at `pointer` of a document, one a line; of a large one `most` are enough (-1: all).

    Raises:
        NodeError: `no_table`: there is no list of objects there; `too_large`: one of them is.
        ValueError: a large document is no JSON.
    """
    if (size := path.stat().st_size) <= SMALL:
        with suppress(duckdb.OutOfMemoryException):
            return _extract(connection, path, pointer, target, size + 1024)
    kind, lists = json_stream.extract(path, pointer, target, most)
    _check_list(kind or None, lists, pointer)


def _check_list(kind: str | None, lists: list[str], pointer: str) -> None:
    if kind != "ARRAY":
        where = f"at '{pointer}'" if pointer else "at its top"
        message = f"This is no table: there is {_named(kind)} {where}, and a list of objects is needed."
        hint = "records: " + " or ".join(f"/{name}" for name in lists) if lists else None
        raise NodeError(message, code="no_table", hint=hint)


def _extract(connection: duckdb.DuckDBPyConnection, path: Path, pointer: str, target: Path, size: int) -> None:
    document = f"read_json_objects({literal(pattern(path))}, format = 'unstructured', maximum_object_size = {size})"
    found = connection.execute(
        f"SELECT json_type(json, {literal(pointer)}), {_lists('json')} FROM {document}"
    ).fetchall()
    kind, lists = found[0] if len(found) == 1 else (None, [])
    _check_list(kind, lists, pointer)
    rows = f"SELECT unnest(json_extract(json, {literal(pointer)})::JSON[]) AS record FROM {document}"
    odd = connection.execute(f"SELECT count(*) FROM ({rows}) WHERE json_type(record) <> 'OBJECT'").fetchall()
    if odd[0][0]:
        raise NodeError("This is no table: its list holds something else than objects.", code="no_table")
    # Minified JSON has no raw control character: one object a line, nothing to quote.
    raw = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01'"
    connection.execute(f"COPY (SELECT record::VARCHAR FROM ({rows})) TO {literal(str(target))} ({raw})").fetchall()


def _lists(document: str) -> str:
    """SQL for the keys at the top of a document that hold lists."""
    keys = f"if(json_type({document}) = 'OBJECT', json_keys({document}), [])"
    return f"list_filter({keys}, lambda key: json_type({document}, '/' || key) = 'ARRAY')"


def _named(kind: str | None) -> str:
    return {None: "nothing", "OBJECT": "an object", "ARRAY": "a list"}.get(kind, "a single value")
