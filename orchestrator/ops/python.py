"""`python`: FME's PythonCaller."""

import ast
import warnings
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any, ClassVar

import pyarrow
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from orchestrator.carried import batches
from orchestrator.crs import Crs, projjson
from orchestrator.errors import NodeError
from orchestrator.ops import _python_process, _rows
from orchestrator.ops._rows import TypedColumn
from orchestrator.ops.base import Context, Op, Relation, UnknownColumns
from orchestrator.ops.settings import PLACEHOLDER, Bound, invalid, refuse
from orchestrator.schema import GEOMETRY, crs_of, geometry_columns, is_geometry
from orchestrator.settings import settings
from orchestrator.sql import literal, names, quote
from orchestrator.suggest import listing


def _literals(value: Any) -> Any:
    """A parameter enters the code as a literal: it can never become more than a value."""
    if not isinstance(value, Bound):
        return value
    return PLACEHOLDER.sub(lambda match: _literal(value.values[match[1]]), value.template)


def _literal(value: Any) -> str:
    made = repr(value if value is None or isinstance(value, bool | int | float) else str(value))
    return f"({made})" if made[0] == "-" else made  # -3 ** 2 is -9


def _parsed(code: str) -> str:
    """The code, if it compiles and defines `transform`; nothing of it is run."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(code)
            compile(tree, "<code>", "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"Line {error.lineno or 1}, column {error.offset or 1}: {error.msg}."
        raise refuse(NodeError(message, code="invalid_python")) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise refuse(NodeError(f"This is not Python: {error}.", code="invalid_python")) from None
    made = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "transform"]
    if not made:
        raise refuse(NodeError("The code must define 'def transform(table): …'.", code="invalid_python"))
    taken = made[-1].args
    needed = len(taken.posonlyargs + taken.args) - len(taken.defaults)
    keywords = any(default is None for default in taken.kw_defaults)
    if needed > 1 or keywords or not (taken.posonlyargs or taken.args or taken.vararg):
        message = f"Line {made[-1].lineno}: 'transform' must take one argument, the table."
        raise refuse(NodeError(message, code="invalid_python"))
    return code


Code = Annotated[str, BeforeValidator(_literals), Field(min_length=1, max_length=100_000), AfterValidator(_parsed)]


class Python(Op):
    """Run Python code on the whole table: `def transform(table)` takes a DataFrame and returns one.

    Off unless the server says `GRAPHMILL_ALLOW_PYTHON=true`. This is no sandbox: whoever may use it can do all that the
    server's user can do. The code runs in a process of its own, in a folder that is deleted after the run, without the
    server's environment; what it prints is in the run's log, its first 1000 lines.

    Columns have Arrow types, nulls are `pandas.NA`; UUID, JSON and TIME with a time zone are text. A table with
    geometry is a GeoDataFrame. pandas, GeoPandas, NumPy, Shapely and pyarrow can be imported. The index of what is
    returned is left out. `${name}` becomes a literal: do not put it between quotes. With `columns`, the table returned
    must have these and no others, in any order; values are cast to their types. Without, the columns are known only
    when it runs.
    """

    category: ClassVar[str] = "Flow"
    example: ClassVar[dict[str, Any]] = {
        "code": 'def transform(table):\n    table["share"] = table["amount"] / table["amount"].sum()\n'
        '    return table[["id", "share"]]',
        "columns": [{"name": "id", "type": "BIGINT"}, {"name": "share", "type": "DOUBLE"}],
    }

    code: Code = Field(
        description="The source, with a function `transform`.",
        examples=["def transform(table):\n    return table.drop_duplicates()"],
        json_schema_extra={"x-ui": {"widget": "code", "language": "python"}},
    )
    columns: list[TypedColumn] = Field(
        [], description="The result's columns and types.", examples=[[{"name": "id", "type": "BIGINT"}]]
    )
    crs: Crs | None = Field(
        None,
        description="Coordinate system of the result's geometry, where it is not that of the table.",
        examples=["EPSG:2056"],
    )
    timeout_s: float = Field(60, gt=0, description="Seconds that it may take (at most `GRAPHMILL_MAX_PYTHON_S`).")
    memory_mb: int = Field(
        1024, ge=64, le=1 << 20, description="Memory that it may take besides the libraries and the table, in MB."
    )

    @model_validator(mode="before")
    @classmethod
    def _allowed(cls, posted: Any) -> Any:
        if not settings().allow_python:
            message = "Python code is not allowed on this server."
            hint = "GRAPHMILL_ALLOW_PYTHON=true allows it; whoever can save a workflow can then run any code"
            raise refuse(NodeError(message, code="python_not_allowed", hint=hint, path="/config"))
        return posted

    @field_validator("columns")
    @classmethod
    def _unique(cls, columns: list[TypedColumn]) -> list[TypedColumn]:
        _rows.check_columns(columns)
        return columns

    @field_validator("timeout_s")
    @classmethod
    def _in_time(cls, seconds: float) -> float:
        if seconds > (most := settings().max_python_s):
            raise invalid(f"A python node may take {most:g} seconds at most (GRAPHMILL_MAX_PYTHON_S).")
        return seconds

    def run(self, table: Annotated[Relation, "The rows for the code."], context: Context) -> Relation:
        """The code runs when the node does.

        Raises UnknownColumns, in design, where none are declared; NodeError: the code fails, or gives others.
        """
        if context.design and not self.columns:
            raise UnknownColumns
        wanted = self._wanted(table) if self.columns else None
        if context.design and wanted is not None:
            return wanted
        made = context.session.arrow(self._called(table, context))
        return made if wanted is None else self._fitted(made, wanted)

    def _wanted(self, table: Relation) -> Relation:
        """An empty table of the declared columns."""
        return table.filter("false").project(", ".join(self._null(each, table) for each in self.columns))

    def _null(self, column: TypedColumn, table: Relation) -> str:
        made = f"CAST(NULL AS {column.type})"
        if column.type == GEOMETRY and self.crs:
            made = f"st_setcrs('POINT EMPTY'::GEOMETRY, {literal(projjson(self.crs))})"
        elif column.type == GEOMETRY and (found := geometry_columns(table)):
            made = f"CASE WHEN false THEN {quote(found[0])} END"
        return f"{made} AS {quote(column.name)}"

    def _called(self, table: Relation, context: Context) -> pyarrow.Table:
        (scratch := context.scratch or context.root).mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(dir=scratch, prefix="python-"))
        given, made = folder / "given.arrow", folder / "made.arrow"
        with batches(table, 100_000) as reader, pyarrow.ipc.new_file(str(given), reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        orders = {
            "code": self.code, "given": str(given), "made": str(made), "geometry": geometry_columns(table),
            "memory_mb": self.memory_mb,
        }  # fmt: skip
        _python_process.run(orders, folder, self.timeout_s, context.log)
        given.unlink()
        found = pyarrow.ipc.open_file(pyarrow.memory_map(str(made))).read_all()
        _check_names(found.column_names)
        return found

    def _fitted(self, made: Relation, wanted: Relation) -> Relation:
        """The columns in their declared order and types."""
        missing = [name for name in wanted.columns if name not in made.columns]
        more = [name for name in made.columns if name not in wanted.columns]
        if missing or more:
            said = [f"missing: {listing(missing)}"] * bool(missing) + [f"not declared: {listing(more)}"] * bool(more)
            message = f"The columns returned are not those declared ({'; '.join(said)})."
            raise NodeError(message, code="python_failed", path="/config/columns")
        types = names(made)
        return made.project(", ".join(self._cast(each, types[each], kind) for each, kind in names(wanted).items()))

    @staticmethod
    def _cast(name: str, kind: str, wanted: str) -> str:
        if not is_geometry(wanted):
            return f"CAST({quote(name)} AS {wanted}) AS {quote(name)}"
        if crs_of(kind) != crs_of(wanted) or not is_geometry(kind):
            found = crs_of(kind) or "no coordinate system" if is_geometry(kind) else kind
            expected = crs_of(wanted) or "no coordinate system"
            message = f"The geometry '{name}' was to have {expected}, and has {found}: set 'crs'."
            raise NodeError(message, code="crs_mismatch", path="/config/crs")
        return quote(name)


def _check_names(columns: list[str]) -> None:
    if not columns:
        raise NodeError("The table returned has no columns.", code="python_failed", path="/config/code")
    seen: dict[str, str] = {}
    for name in columns:
        if not name:
            raise NodeError("A column of the table returned has no name.", code="python_failed", path="/config/code")
        if (first := seen.setdefault(name.lower(), name)) != name or columns.count(name) > 1:
            second = "" if first == name else f" and '{name}'"
            message = f"The table returned has two columns called '{first}'{second}."
            raise NodeError(message, code="duplicate_column", path="/config/code")
