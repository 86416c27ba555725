"""What must hold for every node type, whoever wrote it."""

import copy
import dataclasses
import math
import re

import pytest
from feeds import combines, feed, fixtures, saved, write_files
from running import shape, table

from orchestrator.ops.base import Context
from orchestrator.ops.settings import InPort
from orchestrator.preview.pages import described
from orchestrator.registry import node_types
from orchestrator.schema import columns
from orchestrator.sql import quote
from orchestrator.tables import Session

TYPES = node_types()
# Settings that hold SQL, in which a column is a word and not the whole text.
SQL = ("condition", "expression", "query")
AWKWARD = {
    "id": "order", "region": "select", "amount": 'a"b', "day": "größe 日", "lon": "at", "lat": "x'{y}", 
    "country": "group", "geometry": "from",
}  # fmt: skip


@pytest.fixture(params=list(TYPES))
def op(request):
    return TYPES[request.param]


@pytest.fixture
def prepared(op, session, tmp_path, request):
    write_files(op, tmp_path)
    for name in fixtures(op):
        request.getfixturevalue(name)
    return Context(session, tmp_path, scratch=tmp_path)


def relations(session, given):
    return {
        port: [table(session, s) for s in sql] if isinstance(sql, list) else table(session, sql)
        for port, sql in given.items()
    }


def call(op, config, given, context):
    try:
        return op.configure(config, find=saved(op)).call(given, context)
    except Exception as error:
        pytest.fail(f"{op.type} does not run with {config}: {error!r}. Does it need tables of its own (see feeds.py)?")


def frozen(relation):
    """Rows that compare equal: NaN as a word."""
    return [tuple("nan" if isinstance(v, float) and math.isnan(v) else v for v in row) for row in relation.fetchall()]


def flat(tables):
    return [each for value in tables.values() for each in (value if isinstance(value, list) else [value])]


def emptied(session, tables):
    return {
        port: [session.empty(each) for each in value] if isinstance(value, list) else session.empty(value)
        for port, value in tables.items()
    }


def test_there_are_all_the_types_of_the_contract():
    contract = """data_loader data_writer inline_data input filter compute select_columns cast join aggregate sort union
    distinct sample sql transformer points_from_xy reproject buffer spatial_join"""
    assert set(contract.split()) <= set(TYPES)


def test_says_what_it_is(op):
    assert op.__doc__
    assert op.__doc__.strip()[0].isupper()
    assert re.fullmatch(r"[a-z][a-z0-9_]*", op.type)
    assert op.title
    assert op.category != "Other", f"{op.type} needs a category"
    assert op.outputs or op.dynamic_ports
    unsaid = [port.name for port in op.inputs.values() if not port.description]
    assert not unsaid, f"{op.type}: ports {unsaid} need a description: Annotated[Relation, '…']"
    if len(op.outputs) > 1:
        assert all(port.description for port in op.outputs.values())


def settings(op):
    """Every property of every model in the schema, with its path."""
    schema = op.config_schema()
    for name, model in {"": schema, **schema.get("$defs", {})}.items():
        for key, value in model.get("properties", {}).items():
            yield f"{name}.{key}".lstrip("."), value


def test_settings_are_described_with_examples(op):
    for path, setting in settings(op):
        assert setting.get("description"), f"{op.type}: {path} needs a description"
        assert setting.get("examples"), f"{op.type}: {path} needs an example"
        assert setting["x-ui"]["widget"], f"{op.type}: {path} needs a hint"


def test_settings_have_titles_of_words(op):
    for path, setting in settings(op):
        title = setting.get("title")
        assert title, f"{op.type}: {path} needs a title"
        assert not {"Crs", "Url", "S", "Mb"} & set(title.split()), f"{op.type}: {path} is called '{title}'"


def test_settings_say_how_to_edit_columns_and_expressions(op):
    widgets = {}
    for path, setting in settings(op):
        for part in [setting, setting.get("items", {}), *setting.get("anyOf", ())]:
            if "x-ui" in part:
                assert set(part["x-ui"]) >= {"widget"}, f"{op.type}: {path} has an x-ui without a widget"
                widgets[path] = part["x-ui"]["widget"]
    for name, info in op.model_fields.items():
        if any(isinstance(mark, InPort) for mark in info.metadata):
            assert widgets[info.alias or name] == "column"


def test_has_an_example_that_is_valid(op):
    assert op.example, f"{op.type} needs an example"
    assert op.configure(op.example, find=saved(op))
    for path, name, port in op.configure(op.example, find=saved(op)).columns_named:
        assert path.startswith("/")
        assert port is None or port in op.inputs
        assert name


def alike(column):
    """A column of a stored table as it was known before: without the kinds of geometry, which rows alone say."""
    return column.model_copy(update={"geometry_types": None})


CHANGES = {
    "some rows": lambda sql: sql,
    "no rows": lambda sql: f"SELECT * FROM ({sql}) WHERE false",
    "one row": lambda sql: f"SELECT * FROM ({sql}) LIMIT 1",
    "rows twice": lambda sql: f"SELECT * FROM ({sql}) UNION ALL SELECT * FROM ({sql})",
    "nulls": lambda sql: f"SELECT CASE WHEN false THEN COLUMNS(*) END FROM ({sql})",
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_design_gives_the_columns_of_the_run(op, prepared, change):
    session, given = prepared.session, relations(prepared.session, feed(op, CHANGES[change]))
    before = [(shape(each), frozen(each)) for each in flat(given)]
    designed = call(op, op.example, emptied(session, given), dataclasses.replace(prepared, design=True))
    made = call(op, op.example, given, prepared)
    assert list(made) == list(op.configure(op.example, find=saved(op)).ports.outputs)
    for port in made:
        expected = session.empty(designed[port])
        assert expected.columns
        assert shape(session.empty(made[port])) == shape(expected), f"{op.type}: columns of '{port}' depend on the rows"
        session.store(made[port], stored := prepared.root / f"{port}.stored")
        found = described(session, session.parquet(stored), stored)
        assert [alike(each) for each in found] == list(columns(expected)), f"{op.type}: '{port}' is stored otherwise"
        assert all(each.nullable for each in found)
    assert [(shape(each), frozen(each)) for each in flat(given)] == before, f"{op.type} changed its input"


def test_every_row_goes_somewhere(op, prepared):
    """A type with a rejected port loses no row: what is not in `result` is there."""
    if "rejected" in op.outputs and list(op.inputs) == ["table"]:
        given = relations(prepared.session, feed(op))
        made = call(op, op.example, given, prepared)
        count = sum(len(frozen(each)) for each in made.values())
        assert count == len(frozen(given["table"])) or combines(op)
        assert made["rejected"].columns[-2:] == ["rejection_code", "rejection_message"]


def renamed(setting, key=""):
    """A config with the columns' awkward names."""
    if isinstance(setting, dict):
        return {name: renamed(value, name) for name, value in setting.items()}
    if isinstance(setting, list):
        return [renamed(each, key) for each in setting]
    if key == "code":
        return re.sub(r'"(\w+)"', lambda word: repr(AWKWARD.get(word[1], word[1])), setting)
    if key in SQL:
        return re.sub(r"\w+", lambda word: quote(AWKWARD[word[0]]) if word[0] in AWKWARD else word[0], setting)
    return AWKWARD.get(setting, setting) if isinstance(setting, str) else setting


def test_columns_may_have_any_name(op, prepared):
    def rename(sql):
        columns = prepared.session.connection.sql(sql).columns
        return (
            f"SELECT {', '.join(f'{quote(each)} AS {quote(AWKWARD.get(each, each))}' for each in columns)} FROM ({sql})"
        )

    given = relations(prepared.session, feed(op, rename))
    plain = call(op, op.example, relations(prepared.session, feed(op)), prepared)
    made = call(op, renamed(copy.deepcopy(dict(op.example))), given, prepared)
    for port in made:
        assert len(made[port].columns) == len(plain[port].columns)
        if op.type != "data_writer":
            assert len(frozen(made[port])) == len(frozen(plain[port]))


def test_the_number_of_threads_makes_no_difference(op, tmp_path, prepared):
    """With rows enough for several threads; GEOS and joins of all with all get fewer."""
    times = 3 if "join" in op.type else 50 if op.category == "Spatial" else 40000
    one = relations(prepared.session, feed(op, lambda sql: f"SELECT v.* FROM ({sql}) v, range({times})"))
    arrow = {p: [t.to_arrow_table() for t in (v if isinstance(v, list) else [v])] for p, v in one.items()}
    found = []
    for threads in (1, 2):
        with Session([tmp_path], threads=threads) as session:
            given = {p: [session.arrow(t) for t in v] for p, v in arrow.items()}
            ports = op.configure(op.example, find=saved(op)).ports.inputs
            given = {p: v if ports[p].many else v[0] for p, v in given.items()}
            made = call(op, op.example, given, dataclasses.replace(prepared, session=session))
            found.append({port: each.to_arrow_table() for port, each in made.items()})
    assert all(found[0][port].equals(found[1][port]) for port in found[0])
