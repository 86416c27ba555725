"""Every setting of every node type, wrong in every way that JSON allows: the answer is problems, or columns."""

import time
from functools import cache

import pytest
from feeds import ROWS, feed, write_files
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import ValidationError
from running import shape, table

from orchestrator.compiler.misfits import setting_problem
from orchestrator.errors import NodeError
from orchestrator.faults import blame, unknown_column
from orchestrator.formats import readers, writers
from orchestrator.formats.base import FileReader
from orchestrator.graph import read
from orchestrator.ops.base import Context, UnknownColumns
from orchestrator.ops.data_loader import DataLoader
from orchestrator.ops.data_writer import DataWriter
from orchestrator.pointers import pointer
from orchestrator.registry import node_types
from orchestrator.workflows import judge

TYPES = node_types()
JSON = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": float}
WRONG = [
    None, True, 0, 1, -1, 1.5, 10**400, -(10**400), 2**63, float("nan"), float("inf"), 1e308,
    "", " ", "text", "'\"{};--", "a\0b", "\ud800", "a\nb", "\\", "(", "%", "1e999", "x" * 10_000,
    [], [None], [[]], [""], ["text"], ["id", "ID"], ["id"] * 50, [10**400], [[[[[[[[1]]]]]]]],
    {}, {"a": 1}, {"": None}, [{}], [{"\ud800": 1}],
]  # fmt: skip
OF_ROWS = {"fixed_width": {"fields": [{"name": "id", "width": 6, "type": "BIGINT"}]}, "text": {"column": "region"}}
RESERVED = {"node_failed", "internal"}  # the codes of what nobody thought of


@cache
def schema_of(op):
    """The JSON schema of a node type's settings: that of all formats takes long to make."""
    return op.config_schema()


def resolved(schema, root, value):
    """The schema of this value: references followed, the alternative that fits best chosen."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    ways = [resolved(way, root, value) for way in schema.get("anyOf") or schema.get("oneOf") or ()]
    fitting = [way for way in ways if isinstance(value, JSON.get(way.get("type"), ()))]
    return min(fitting or ways, key=lambda way: _strange(way, value)) if ways else schema


def _strange(way, value):
    """How much of an object is not as this schema says."""
    if not isinstance(value, dict):
        return 0
    said = way.get("properties", {})
    wrong = sum(said.get(key, {}).get("const", each) != each for key, each in value.items())
    return 10 * wrong + len(value.keys() - said.keys()) + len(set(way.get("required", ())) - value.keys())


def limits(schema):
    """Values just beyond what a schema says."""
    for way in (schema, *schema.get("anyOf", ())):
        for limit, step in {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}.items():
            if limit in way:
                yield way[limit] + step
        if "maxLength" in way:
            yield "a" * (way["maxLength"] + 1)
        if "enum" in way:
            yield from (str(way["enum"][0]).upper(), f"{way['enum'][0]} ", way["enum"])


def spoilt(config, schema, root, path=()):
    """The value with one thing wrong, and where: each property replaced, removed, or put where it was not."""
    schema = resolved(schema, root, config)
    if isinstance(config, dict) and "properties" in schema:
        for key, said in schema["properties"].items():
            here = (*path, key)
            for value in (*WRONG, *limits(said)):
                yield {**config, key: value}, here
            yield {name: each for name, each in config.items() if name != key}, here
            for value in [config[key]] if key in config else said.get("examples", ())[:1]:
                for changed, where in spoilt(value, said, root, here):
                    yield {**config, key: changed}, where
        yield {**config, "no such": 1}, (*path, "no such")
    elif isinstance(config, list) and config:
        for value in WRONG:
            yield [value, *config[1:]], (*path, 0)
        for times in (2, 40):
            yield config * times, path
        for changed, where in spoilt(config[0], schema.get("items", {}), root, (*path, 0)):
            yield [changed, *config[1:]], where


def problems_of(op, config, tables, context):
    """What is wrong with a node of these settings, as `judge` finds it, on tables that are there already."""
    workflow, unread = read({"nodes": [{"id": "n", "type": op.type, "config": config}]})
    if workflow is None or unread:
        return unread
    try:
        made = op.configure(config)
    except ValidationError as error:
        return [setting_problem(workflow.nodes[0], op, each) for each in error.errors(include_url=False)]
    except NodeError as error:
        return [error.problem().model_copy(update={"node_id": "n", "path": error.path or "/config"})]
    try:
        with blame("n"):
            for path, name, port in made.columns_named:
                (given,) = tables.get(port or next(iter(made.ports.inputs), None), [None])[:1]
                if given is not None and name not in given.columns:
                    missing = unknown_column(name, given.columns, port)
                    missing.path = f"/config{path}"
                    raise missing
            wanted = {name: tables.get(name, []) for name in made.ports.inputs}
            wanted = {name: wanted[name] if port.many else next(iter(wanted[name]), None)
                      for name, port in made.ports.inputs.items()}  # fmt: skip
            for each in made.call(wanted, context).values():
                assert shape(context.session.empty(each))
    except NodeError as error:
        return [error.problem()]
    except UnknownColumns:
        pass
    return []


def lax(config, where):
    """Whether the changed setting may be taken for one of another type: true for 1, null for an expression."""
    for key in where:
        config = config[key] if isinstance(config, list) or key in config else None
    return config is None or isinstance(config, bool | int | float)


def exists(config, path):
    """Whether a JSON pointer leads to a setting that is there, or to one that could be beside those that are."""
    value = {"config": config}
    *above, last = (part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:])
    for part in above:
        value = value[int(part)] if isinstance(value, list) else value.get(part) if isinstance(value, dict) else None
    return isinstance(value, dict) or (isinstance(value, list) and int(last) < len(value))


def complaints(problem, config, where):
    """What a problem should say and does not."""
    if problem.severity != "error" or problem.node_id != "n":
        yield "it is no error of the node"
    if not problem.code or problem.code in RESERVED:
        yield f"code {problem.code}"
    if not problem.message.endswith((".", "?", "!")):
        yield "no sentence"
    if len(problem.message) > 12_000:
        yield "a message too long"
    if problem.path is None and problem.port is None:
        yield "no place"
    elif problem.path is not None:
        place, beside = pointer(("config", *where)), problem.path.rpartition("/")[0]
        same = place.split("/")[:3] == problem.path.split("/")[:3]
        if not problem.path.startswith("/config") or not exists(config, problem.path):
            yield "a path that is not there"
        elif problem.code != "unknown_column" and not same and not (place + "/").startswith(beside + "/"):
            yield "a path elsewhere"


def check(op, example, tables, context, known=frozenset()):
    """See that each wrong setting of an example, but for those `known`, is refused at its place or gives columns."""
    schema, wrong, refused = schema_of(op), {}, 0
    schemas = Draft202012Validator(schema)
    for config, where in spoilt(example, schema, schema):
        if where[0] in known:
            continue
        begun = time.process_time()
        found = problems_of(op, config, tables, context)
        refused += bool(found)
        if not found and not lax(config, where) and (broken := best_match(schemas.iter_errors(config))):
            wrong.setdefault(("taken though it breaks the schema", pointer(where), None), broken.message[:200])
        for problem in found:
            for complaint in complaints(problem, config, where):
                wrong.setdefault((complaint, pointer(where), problem.path), (problem.code, problem.message[:200]))
        if time.process_time() - begun > 5:
            wrong["slow", pointer(where), None] = ("", str(config)[:200])
    assert not wrong, "\n".join(f"{place}: {said}" for place, said in wrong.items())
    assert refused or not schema["properties"]


@pytest.mark.parametrize("kind", list(TYPES))
def test_a_wrong_setting_is_refused_at_its_place_or_gives_columns(kind, session, tmp_path):
    op = TYPES[kind]
    write_files(op, tmp_path)
    context = Context(session, tmp_path, scratch=tmp_path, design=True)
    tables = {port: [session.empty(table(session, each)) for each in ([sql] if isinstance(sql, str) else sql)]
              for port, sql in feed(op).items()}  # fmt: skip
    check(op, op.example, tables, context)


def example_of(name, model):
    """Settings of a format: what it needs, of a file with its ending."""
    needed = {name: info.examples[0] for name, info in model.model_fields.items() if info.is_required()}
    return needed | ({"path": f"a{model.extensions[0]}"} if "path" in needed else {}) | OF_ROWS.get(name, {})


@pytest.mark.parametrize("name", sorted(readers().keys() - {"csv"}))
def test_a_wrong_option_of_a_reader(name, session, tmp_path):
    example = example_of(name, readers()[name])
    if name in writers() and "path" in example:
        written = {**example_of(name, writers()[name]), "path": example["path"], "target_type": name}
        rows = table(session, ROWS)
        DataWriter.configure(written).call({"table": rows}, Context(session, tmp_path, scratch=tmp_path))
    context = Context(session, tmp_path, scratch=tmp_path, design=True)
    check(DataLoader, {"source_type": name, **example}, {}, context, known={"source_type", *FileReader.model_fields})


@pytest.mark.parametrize("name", sorted(writers().keys() - {"csv"}))
def test_a_wrong_option_of_a_writer(name, session, tmp_path):
    example, context = example_of(name, writers()[name]), Context(session, tmp_path, scratch=tmp_path, design=True)
    tables = {"table": [session.empty(table(session, ROWS))]}
    check(DataWriter, {"target_type": name, **example}, tables, context, known={"target_type", "mode", "path"})


@pytest.mark.parametrize("kind", list(TYPES))
def test_the_example_is_as_the_schema_says(kind):
    assert not list(Draft202012Validator(schema_of(TYPES[kind])).iter_errors(TYPES[kind].example))


@pytest.mark.parametrize("kind", list(TYPES))
def test_judge_answers_with_problems(kind):
    """A sample of the same, as the editor posts it."""
    schema = schema_of(TYPES[kind])
    for config, _ in list(spoilt(TYPES[kind].example, schema, schema))[::100]:
        judged = judge({"nodes": [{"id": "n", "type": kind, "config": config}], "edges": []})
        assert all(each.node_id == "n" and each.code not in RESERVED for each in judged.problems), config
