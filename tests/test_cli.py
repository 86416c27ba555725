"""The command line: what it prints, and its exit codes."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest
from compiler.graphs import compute, graph, keep, node, rows
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.registry import node_types
from orchestrator.settings import settings

GOOD = graph([rows(), keep("k", "a >= ${least}"), compute("c")], ["in -> k", "k.passed -> c"],
             parameters=[{"name": "least", "type": "integer", "default": 2}])  # fmt: skip
FAILS = graph([rows(), compute("c", "CAST(b AS BIGINT)")], ["in -> c"])
WRONG = graph([rows(), keep("k", "aa > 1"), node("x/y", "nothing")], ["in -> k", "in -> ghost"])
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def saved(tmp_path):
    def save(document):
        path = tmp_path / "workflow.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(path)

    return save


def call(*arguments, given=None):
    result = CliRunner().invoke(app, list(arguments), input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_version():
    assert call("--version") == (0, f"graphmill {version('graphmill')}\n", "")


def test_a_good_workflow_runs(saved):
    code, out, err = call("run", saved(GOOD))
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "completed  in                       result 3",
        "completed  k                        passed 2, failed 1",
        "completed  c                        result 2",
        "completed",
    ]
    assert list(settings().runs.iterdir()) == []


def test_parameters(saved):
    code, out, _ = call("run", saved(GOOD), "--param", "least=3", "--json")
    execution = json.loads(out)
    assert code == 0
    assert execution["parameters"] == {"least": 3}
    assert [each["outputs"] for each in execution["nodes"]][1]["passed"] == {"rows": 1, "columns": 2}


def test_a_failing_workflow(saved):
    code, out, err = call("run", saved(FAILS))
    assert (code, err) == (1, "")
    assert out.splitlines()[-2:] == [
        "failed     c",
        "failed: c: Could not convert string 'x' to BIGINT when casting from source column b.",
    ]


def test_a_failing_workflow_as_json(saved):
    code, out, _ = call("run", saved(FAILS), "--json")
    error = json.loads(out)["error"]
    assert code == 1
    assert (error["node_id"], error["code"]) == ("c", "conversion_failed")


@pytest.mark.parametrize("command", ["run", "validate"])
def test_an_invalid_workflow_is_told_problem_by_problem(saved, command):
    code, out, err = call(command, saved(WRONG))
    assert (code, err) == (2, "")
    assert out.splitlines() == [
        "error unknown_node_type [x/y /type]: Node type 'nothing' is not known.",
        "error unknown_edge_endpoint [in -> ghost /target]: Target node 'ghost' is not in this graph.",
        "error unknown_column [k /config/condition]: Column 'aa' is not in this table. Did you mean 'a'?",
    ]


@pytest.mark.parametrize("command", ["run", "validate"])
def test_an_invalid_workflow_as_json(saved, command):
    code, out, _ = call(command, saved(WRONG), "--json")
    assert code == 2
    problems = json.loads(out)
    assert [each["code"] for each in problems] == ["unknown_node_type", "unknown_edge_endpoint", "unknown_column"]
    assert set(problems[0]) == {"severity", "code", "message", "node_id", "edge_id", "port", "path", "hint"}


def test_a_valid_workflow(saved):
    assert call("validate", saved(GOOD)) == (0, "", "No problems.\n")
    assert call("validate", saved(GOOD), "--json") == (0, "[]\n", "")
    assert call("validate", saved(FAILS))[0] == 0


def test_standard_input():
    assert call("validate", "-", given=json.dumps(GOOD))[0] == 0
    assert call("run", "-", given=json.dumps(GOOD))[0] == 0


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("text", ["{", "", "[1]", "\0"])
def test_what_is_no_workflow(saved, command, text):
    code, out, _ = call(command, saved(text))
    assert code == 2
    assert out.startswith("error invalid_")
    assert call(command, saved(text), "--json")[1].startswith("[\n")


def test_a_file_that_is_not_there(tmp_path):
    code, out, err = call("validate", str(tmp_path / "no.json"))
    assert (code, out) == (2, "")
    assert err.endswith("no.json: No such file or directory\n")
    assert call("run", str(tmp_path))[0] == 2


@pytest.mark.parametrize("command", ["validate", "run"])
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GRAPHMILL_PORT", "x", "GRAPHMILL_PORT: it must be a whole number."),
        ("GRAPHMILL_MEMORY_LIMIT", "lots", "GRAPHMILL_MEMORY_LIMIT: could not parse value"),
        ("GRAPHMILL_CORS_ORIGINS", "[", 'error parsing value for field "cors_origins"'),
        ("GRAPHMILL_HOME", "/dev/null/x", "/dev/null/x/data: Not a directory"),
    ],
)
def test_a_setting_that_is_wrong_is_a_sentence(saved, monkeypatch, command, name, value, told):
    workflow = saved({"nodes": [{"id": "l", "type": "data_loader", "config": {"source_type": "csv", "path": "x.csv"}}]})
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    code, out, err = call(command, workflow)
    settings.cache_clear()
    assert (code, out) == (2, "")
    assert err.startswith(told)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "least=many",
            "error invalid_parameter [/parameters/least]: Parameter 'least' takes a whole number; 'many' is not.\n",
        ),
        (
            "lest=1",
            "error unknown_parameter [/parameters/lest]: "
            "Parameter 'lest' is not in this workflow. Did you mean 'least'?\n",
        ),
        ("least", "--param takes name=value; 'least' has no '='.\n"),
    ],
)  # fmt: skip
def test_wrong_parameters(saved, said, told):
    code, out, err = call("run", saved(GOOD), "--param", said)
    assert code == 2
    assert out + err == told


def test_wrong_parameters_as_json(saved):
    code, out, _ = call("run", saved(GOOD), "--param", "least=many", "--json")
    assert (code, json.loads(out)[0]["code"]) == (2, "invalid_parameter")


def test_a_value_may_hold_an_equals_sign(saved):
    document = graph([rows(), compute("c", "${t}")], ["in -> c"], parameters=[{"name": "t"}])
    code, out, _ = call("run", saved(document), "--param", "t=a=b", "--json")
    assert (code, json.loads(out)["parameters"]) == (0, {"t": "a=b"})


def test_a_secret_is_not_printed(saved):
    document = graph(
        [rows(), compute("c", "length(${key})")], ["in -> c"], parameters=[{"name": "key", "type": "secret"}]
    )
    code, out, err = call("run", saved(document), "--param", "key=s3cret-word", "--json")
    assert code == 0
    assert "s3cret-word" not in out + err
    assert json.loads(out)["parameters"] == {"key": "***"}


def test_nodes():
    code, out, _ = call("nodes")
    assert code == 0
    assert all(name in out for name in node_types())
    code, out, _ = call("nodes", "filter")
    assert code == 0
    assert "condition" in out
    assert "passed" in out
    code, out, err = call("nodes", "filtre")
    assert (code, err) == (2, "Node type 'filtre' is not known. Did you mean 'filter'?\n")


def test_help():
    code, out, _ = call("--help")
    assert code == 0
    assert all(each in out for each in ("run", "validate", "nodes", "up"))
    assert call()[0] == 2
    assert call("run")[0] == 2


def test_as_a_process_of_its_own(saved, home):
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.cli", "run", saved(FAILS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("failed: c: Could not convert string 'x'")
    assert "Traceback" not in done.stderr
