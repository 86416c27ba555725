import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from compiler import graphs
from compiler.graphs import graph, keep, node, own_home, rows
from running import table

from orchestrator.crs import projjson
from orchestrator.errors import NodeError, UnknownColumns
from orchestrator.ops import _python_process
from orchestrator.ops.python import Python
from orchestrator.schema import crs_of
from orchestrator.settings import settings
from orchestrator.sql import literal

WGS84 = literal(projjson("EPSG:4326"))
POINTS = f"SELECT i AS id, st_setcrs(('POINT (' || i || ' 1)')::GEOMETRY, {WGS84}) AS geometry FROM range(3) t(i)"


def transform(body, **more):
    return {"code": "def transform(table):\n" + "".join(f"    {line}\n" for line in body.split("\n")), **more}


def columns(**kinds):
    return [{"name": name, "type": kind} for name, kind in kinds.items()]


@pytest.fixture
def prepared(context, tmp_path):
    return dataclasses.replace(context, scratch=tmp_path)


def call(session, context, config, sql="SELECT 1 AS a", **parameters):
    made = Python.configure(config, parameters).call({"table": session.connection.sql(sql)}, context)["result"]
    return made.columns, made.fetchall()


GOOD = [
    (transform("return table[table['amount'] > 7]"), [1, 4]),
    (transform("return table.iloc[::-1].reset_index()[['id']]"), [5, 4, 3, 2, 1]),
    (transform("return table.set_index('region', drop=False)"), [1, 2, 3, 4, 5]),
    (transform("import pandas as pd\nreturn pd.DataFrame({'id': [7]})"), [7]),
    (transform("return table.head(0)"), []),
    ({"code": "from math import floor\nADD = 10\ndef half(x): return x + ADD\n"
              "def transform(table, *, more=1):\n    return table.assign(id=half(table['id']))"}, [11, 12, 13, 14, 15]),
]  # fmt: skip


@pytest.mark.parametrize(("config", "ids"), GOOD)
def test_rows_go_in_and_out(sales, session, prepared, config, ids):
    made = Python.configure(config).call({"table": table(session, sales)}, prepared)["result"]
    assert [id for (id,) in made.select("id").fetchall()] == ids


def test_columns_are_put_in_order_and_cast(run, prepared):
    config = transform("return table.assign(n=2, b=None)", columns=columns(n="DOUBLE", b="DATE", a="VARCHAR"))
    assert run("python", config, prepared, table="SELECT 1 AS a") == [(2.0, None, "1")]


def test_without_columns_nobody_knows_them(run):
    with pytest.raises(UnknownColumns):
        run("python", transform("return table"), table="SELECT 1 AS a")


@pytest.mark.parametrize(
    ("body", "more", "crs"),
    [("return table.set_geometry(table.buffer(1))", {}, "EPSG:4326"),
     ("return table.to_crs(3857)", {"crs": "EPSG:3857"}, "EPSG:3857")],
)  # fmt: skip
def test_geometry_is_a_geodataframe_and_keeps_its_system(run, prepared, body, more, crs):
    config = transform(f"assert table.crs == 4326\n{body}", columns=columns(id="BIGINT", geometry="GEOMETRY"), **more)
    made = run.relations("python", config, prepared, table=POINTS)["result"]
    assert crs_of(str(made.types[1])) == crs
    assert len(made.fetchall()) == 3


def test_a_parameter_enters_as_a_literal(session, prepared):
    config = transform("return table.assign(t=${text}, n=${n}, o=${none})")
    evil = 'x\'); import os #\n"""'
    assert call(session, prepared, config, text=evil, n=3, none=None)[1] == [(1, evil, 3, None)]


def test_a_negative_parameter_stays_one_value(session, prepared):
    config = transform("return table.assign(i=${i} ** 2, f=${f} ** 2)")
    assert call(session, prepared, config, i=-3, f=-0.5)[1] == [(1, 9, 0.25)]


def test_what_arrow_has_not_is_text(session, prepared):
    uuid = "6ba7b812-9dad-11d1-80b4-00c04fd430c8"
    source = f"SELECT '10:00:00+02'::TIMETZ AS t, '[1]'::JSON AS j, '{uuid}'::UUID AS u"
    made = call(session, prepared, transform("return table"), source)[1]
    assert made == [("10:00:00+02", "[1]", uuid)]


def test_prints_go_to_the_log(session, prepared):
    said = []
    context = dataclasses.replace(prepared, log=lambda level, text: said.append((level, text)))
    code = "import sys\nprint('one\\n\\ntwo', end='')\nprint('ouch', file=sys.stderr)\nreturn table"
    call(session, context, transform(code))
    assert sorted(said) == [("info", ""), ("info", "one"), ("info", "two"), ("warning", "ouch")]
    said.clear()
    call(session, context, transform("for n in range(5000): print(n)\nprint('x' * 10**6)\nreturn table"))
    assert said[999:] == [("info", "999"), ("info", "The code prints more; it is left out.")]


def test_the_process_has_nothing_of_the_server(session, prepared, monkeypatch, tmp_path):
    for name in ("GRAPHMILL_SECRET_KEY", "DAGSTER_HOME", "AWS_SECRET", "PYTHONPATH"):
        monkeypatch.setenv(name, str(tmp_path))
    code = "import os\nreturn table.assign(keys=' '.join(os.environ), cwd=os.getcwd(), pid=os.getpid())"
    _, [(_, keys, cwd, pid)] = call(session, prepared, transform(code))
    assert not [each for each in ("GRAPHMILL", "DAGSTER", "SECRET", "PYTHONPATH") if each in keys]
    assert Path(cwd).parent == tmp_path
    assert pid != os.getpid()


FAILS = [
    ("x = 1\nreturn table['b']", {}, "python_failed", "/config/code", "Line 3: KeyError: 'b'"),
    ("raise ValueError('/usr/lib/secret/file.txt is bad')", {}, "python_failed", "/config/code",
     "Line 2: ValueError: file.txt is bad"),
    ("raise SystemExit", {}, "python_failed", "/config/code", "Line 2: SystemExit"),
    ("class Odd(Exception):\n  def __str__(self): return 1 / 0\nraise Odd", {}, "python_failed", "/config/code",
     "Line 4: Odd"),
    ("return table[[]]", {}, "python_failed", "/config/code", "The table returned has no columns."),
    ("return 5", {}, "python_failed", "/config/code", "'transform' must return a DataFrame; it returned int."),
    ("import os\nos._exit(3)", {}, "python_failed", "/config/code",
     "The code ended its own process (exit code 3); it may have used up its memory."),
    ("return table.assign(b=[[1, 'x', {}]])", {}, "mixed_types", "/config/code",
     "A column holds values of several kinds"),
    ("return table.assign(A=1)", {}, "duplicate_column", "/config/code",
     "The table returned has two columns called 'a' and 'A'."),
    ("return table.assign(b=1)", {"columns": columns(a="BIGINT", c="BIGINT")}, "python_failed", "/config/columns",
     "The columns returned are not those declared (missing: c; not declared: b)."),
    ("while True: pass", {"timeout_s": 1.5}, "python_timeout", "/config/code",
     "The code did not end within 1.5 seconds."),
    ("return [bytearray(10**7) for _ in range(100)]", {"memory_mb": 200}, "out_of_memory", "/config/memory_mb",
     "The code used up its memory: 200 MB besides the table."),
]  # fmt: skip


@pytest.mark.parametrize(("body", "more", "code", "path", "message"), FAILS)
def test_fails_with_a_sentence(session, prepared, body, more, code, path, message):
    with pytest.raises(NodeError) as caught:
        call(session, prepared, transform(body, **more))
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.message.startswith(message)


REFUSED = [
    ("def transform(table)\n    return 1", "Line 1, column 21: expected ':'."),
    ("return 1", "Line 1, column 1: 'return' outside function."),
    ("x = 1", "The code must define 'def transform(table): …'."),
    ("async def transform(table): ...", "The code must define 'def transform(table): …'."),
    ("def transform(): ...", "Line 1: 'transform' must take one argument, the table."),
    ("\ndef transform(a, b): ...", "Line 2: 'transform' must take one argument, the table."),
    ("\0", "Line 1, column 1: source code string cannot contain null bytes."),
    ("(" * 10_000, "Line 1, column 201: too many nested parentheses."),
]


@pytest.mark.parametrize(("code", "message"), REFUSED)
def test_refuses_code_before_anything_runs(run, code, message):
    assert run.refuses("python", {"code": code}, table="SELECT 1 AS a") == ("invalid_python", "/config/code", message)


@pytest.mark.parametrize(
    ("more", "path"),
    [({"timeout_s": 0}, "timeout_s"), ({"timeout_s": 1e9}, "timeout_s"), ({"memory_mb": 1}, "memory_mb"),
     ({"columns": columns(a="DATE", A="DATE")}, "columns/1/name")],
)  # fmt: skip
def test_refuses(run, more, path):
    found = run.refuses("python", transform("return table", **more), table="SELECT 1 AS a")
    assert found[:2] == ("invalid_config", f"/config/{path}")


def test_is_off_unless_the_server_says_so(run, monkeypatch):
    monkeypatch.delenv("GRAPHMILL_ALLOW_PYTHON")
    settings.cache_clear()
    try:
        found = run.refuses("python", transform("return table"), table="SELECT 1 AS a")
        assert found == ("python_not_allowed", "/config", "Python code is not allowed on this server.")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_the_whole_group_ends_with_the_node(session, prepared, tmp_path):
    body = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        "open('../pid', 'w').write(str(child.pid))\nchild.wait()"
    )
    with pytest.raises(NodeError):
        call(session, prepared, transform(body, timeout_s=3))
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_run_that_is_canceled_ends_the_code(session, prepared, tmp_path):
    def cancel(level, text):
        (tmp_path / "pid").write_text(text)
        raise KeyboardInterrupt

    context = dataclasses.replace(prepared, log=cancel)
    with pytest.raises(KeyboardInterrupt):
        call(session, context, transform("import os, time\nprint(os.getpid())\ntime.sleep(60)"))
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_parent_that_is_killed_takes_the_code_with_it(tmp_path):
    with pa.ipc.new_file(str(tmp_path / "given"), pa.schema({"a": pa.int64()})):
        pass
    orders = {
        "code": "import time\ndef transform(table):\n    print('here')\n    time.sleep(60)", "geometry": [], 
        "given": str(tmp_path / "given"), "library": str(_python_process.LIBRARY), "memory_mb": 100,
    }  # fmt: skip
    command = [sys.executable, "-I", str(_python_process.CHILD)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    child.stdin.write(json.dumps(orders).encode() + b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"here\n"
    child.stdin.close()  # what the end of the other process does
    assert child.wait(timeout=20) == -signal.SIGKILL
    child.stdout.close()


@pytest.mark.parametrize("cache", [True, False])
def test_inside_a_run(tmp_path, cache):
    code = transform("print(len(table))\nreturn table.assign(c=table['a'] * 2)")
    with own_home(tmp_path):
        document = graph([rows(), node("p", "python", code), keep("k", "c > 2")], ["in -> p", "p -> k"])
        ran = graphs.run(document, cache=cache)
        assert ran.success, ran.error
        assert ran.rows("k", "passed") == [(2, "y", 4), (3, None, 6)]
        assert not (ran.folder / "scratch").exists()


def gone(pid):
    for _ in range(100):
        try:
            if "State:\tZ" in Path(f"/proc/{pid}/status").read_text():
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False
