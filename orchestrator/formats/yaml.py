"""`yaml`: a list of mappings."""

import datetime as dt
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.errors import NodeError, at
from orchestrator.formats import json_records, lossy
from orchestrator.formats.base import Context, FileReader, GeometryAs, Relation, Writer, option
from orchestrator.formats.column_types import ColumnType
from orchestrator.formats.encodings import encoding_of, opened, wrong
from orchestrator.formats.finite import finite
from orchestrator.formats.json_records import Pointer
from orchestrator.formats.streams import batches
from orchestrator.formats.text_types import of_json
from orchestrator.formats.unwritten import rows_or_none
from orchestrator.formats.workplace import empty, known, new_file, remembered, workplace
from orchestrator.formats.yaml_keys import loader
from orchestrator.formats.yaml_values import holdable, number, values
from orchestrator.pointers import parts
from orchestrator.sql import names

LARGEST = 32 << 20  # bytes of text: a document is read as a whole, which takes many times as much
MOST_NODES = 5_000_000  # with every alias in full
DEEPEST = 100


class YamlReader(FileReader):
    """A list of mappings, at the top of a YAML document or inside it; or a document for each row. `.gz` is unpacked.

    Mappings and lists inside become STRUCT and LIST columns, keys stay as they are written. A file has at most 32 MiB.
    Only plain values are made: a tag of a programming language is refused.
    """

    name: ClassVar[str] = "yaml"
    label: ClassVar[str] = "YAML"
    extensions: ClassVar[tuple[str, ...]] = (".yaml", ".yml", ".yaml.gz", ".yml.gz")

    records: Pointer | None = option(None, "Where the list is, as a JSON pointer; at the top by default.", "/items")
    types: dict[str, ColumnType] = option({}, "Types of single columns.", {"price": "DECIMAL(18, 2)"}, "types")

    def read(self, path: Path, context: Context) -> Relation:
        """A relation over a copy of the records in the run's folder, as JSON."""
        if context.design:
            return empty(context, remembered(path, self, lambda: self._described(path, context)))
        with workplace(context) as (connection, folder):
            found = self._table(path, connection, folder)
            return found if connection is context.session.connection else context.session.arrow(found.to_arrow_table())

    def _described(self, path: Path, context: Context) -> dict[str, str]:
        with workplace(context) as (connection, folder):
            return {name: known(kind) for name, kind in names(self._table(path, connection, folder)).items()}

    def _table(self, path: Path, connection: Any, folder: Path) -> Relation:
        rows = self._records(path)
        if not rows:
            raise NodeError(f"'{self.path}' holds an empty list: its columns cannot be known.", code="file_empty")
        copy = new_file(folder, ".ndjson")
        with copy.open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(_plain(row), ensure_ascii=False) + "\n")
        options = {"format": "newline_delimited", "sample_size": -1}
        return json_records.table(connection, copy, options, self.types)

    def _records(self, path: Path) -> list[dict[Any, Any]]:
        documents = load(_text(path, self.path), self.path)
        found = documents[0] if len(documents) == 1 else documents
        with at("/records"):
            for key in parts(self.records or ""):
                found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return found
        lists = [key for key, value in found.items() if isinstance(value, list)] if isinstance(found, dict) else []
        hint = "records: " + " or ".join(f"{self.records or ''}/{key}" for key in lists) if lists else None
        message = f"'{self.path}' is no table: a list of mappings is needed, and there is something else."
        raise NodeError(message, code="no_table", hint=hint, path="/config/records" if self.records else None)


def _text(path: Path, name: str) -> str:
    with opened(path) as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        message = f"'{name}' is larger than {LARGEST >> 20} MiB, too large for YAML."
        raise NodeError(message, code="too_large", hint="write it as json or csv")
    encoding = encoding_of(path, "auto")
    try:
        return str(data.decode("utf-8-sig" if encoding == "utf-8" else encoding))
    except UnicodeError as error:
        raise wrong(encoding, error) from None


def load(text: str, name: str) -> list[Any]:
    """The documents of a YAML text, of plain values only.

    Raises:
        NodeError: `unreadable_file`; `too_large`: its aliases make much of little, or it is too deep.
    """
    import yaml

    plain = loader(name)
    try:
        _check(yaml.parse(text, plain), name)
        return [each for each in yaml.load_all(text, plain) if each is not None]
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
        where = f" line {mark.line + 1:,}," if mark else ""
        message = f"'{name}' is not YAML:{where} {problem.splitlines()[0][:200]}."
        raise NodeError(message, code="unreadable_file", row=mark.line + 1 if mark else None) from None
    except (ValueError, OverflowError, TypeError) as error:
        # Such as the date 2013-02-30.
        raise NodeError(f"'{name}' holds a wrong value: {error}.", code="invalid_value") from None


def _check(events: Any, name: str) -> None:
    """Count what the document has once every alias is in full, before anything is made of it."""
    import yaml

    sizes: dict[str, int] = {}
    total, stack = 0, list[tuple[str | None, int]]()
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            sizes = {}
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in stack):
                raise NodeError(f"'{name}' has a value that holds itself: *{event.anchor}.", code="unreadable_file")
            total += sizes.get(event.anchor, 0)
        elif isinstance(event, yaml.ScalarEvent):
            size = 1 + len(event.value) // 16
            total += size
            if event.anchor:
                sizes[event.anchor] = size
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = stack.pop()
            if anchor:
                sizes[anchor] = total - before
        if total > MOST_NODES or len(stack) > DEEPEST:
            what = f"more than {MOST_NODES:,} values" if total > MOST_NODES else f"more than {DEEPEST} levels"
            raise NodeError(f"'{name}' has {what}, each alias in full.", code="too_large")


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | set | tuple):
        return [_plain(each) for each in value]
    value = number(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode()
    return value if isinstance(value, str | int | float | None) else str(value)


class YamlWriter(Writer):
    """A list of mappings, a row each. NaN and infinity are null, geometry is WKT, a MAP is a mapping.

    A DECIMAL with a fraction is written as DOUBLE, a whole one with all its digits. A file of more than 32 MiB is
    written, with a warning in the log, and cannot be read here.
    """

    name: ClassVar[str] = "yaml"
    label: ClassVar[str] = "YAML"
    extensions: ClassVar[tuple[str, ...]] = YamlReader.extensions[:2]
    loses: ClassVar[lossy.Losses] = (lossy.NOT_FINITE,)
    geometry_as: ClassVar[GeometryAs] = "text"

    def write(self, table: Relation, path: Path, context: Context) -> int:
        """Row by row, in the order of the columns."""
        import yaml

        dumper, count = getattr(yaml, "CSafeDumper", yaml.SafeDumper), 0
        rows = self.prepare(table, context)
        with batches(rows, 1_000) as (_, parts), path.open("w", encoding="utf-8", newline="\n") as file:
            for batch in parts:
                columns = map(_values, batch.columns, rows.columns)
                some = [dict(zip(rows.columns, row, strict=True)) for row in zip(*columns, strict=True)]
                count += len(some)
                if some:
                    yaml.dump(some, file, dumper, allow_unicode=True, sort_keys=False, width=1_000_000)
            if not count:
                file.write("[]\n")
        if path.stat().st_size > LARGEST:
            context.log("warning", f"'{self.path}' is too large to be read here as YAML: write json or csv.")
        return count

    def existing_rows(self, table: Relation, context: Context) -> Relation | None:
        """What is there; None where that is no row."""
        return rows_or_none(super().existing_rows, table, context)

    def prepare(self, table: Relation, context: Context) -> Relation:
        """NaN and infinity become null, and what YAML has no type for becomes text."""
        return holdable(finite(table))

    def comes_back(self, table: Relation) -> Mapping[str, str]:
        """As JSON's values are read."""
        kinds = zip(table.columns, table.types, strict=True)
        return {name: "VARCHAR" if kind.id == "union" else of_json(kind) for name, kind in kinds}


def _values(column: Any, name: str) -> list[Any]:
    found = values(column, name)
    return [_plain(value) if isinstance(value, list | dict) else value for value in found]
