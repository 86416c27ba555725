"""An example of everything that goes in or out, by the name of its model; a test holds them to the models."""

from typing import Any

MOMENT = "2026-01-31T12:00:00.123456Z"
LATER = "2026-01-31T12:00:00.912345Z"
RUN = "0b0f0f6e-5e0c-4d0e-9a53-1f0f4a2b7c11"

GRAPH: dict[str, Any] = {
    "name": "Late flights",
    "description": "",
    "parameters": [{"name": "min_delay", "type": "integer", "default": 15, "description": "minutes"}],
    "nodes": [
        {"id": "1", "type": "data_loader", "position": {"x": 0, "y": 0},
         "config": {"source_type": "csv", "path": "flights.csv"}},
        {"id": "dndnode-2", "type": "filter", "position": {"x": 240, "y": 0}, "label": "Late ones",
         "config": {"condition": "dep_delay >= ${min_delay}"}},
    ],
    "edges": [{"id": "e1", "source": "1", "target": "dndnode-2", "sourceHandle": None, "targetHandle": None}],
    "settings": {"on_rejected": "fail", "timeout_s": None},
    "viewport": {"x": 0, "y": 0, "zoom": 1},
}  # fmt: skip
PROBLEM = {
    "severity": "error", "code": "unknown_column", "node_id": "dndnode-2", "edge_id": None, "port": "table",
    "message": "Column 'dep_dely' is not in this table. Did you mean 'dep_delay'?",
    "path": "/config/condition", "hint": "dep_delay, arr_delay, day",
}  # fmt: skip
COLUMN = {"name": "dep_delay", "type": "BIGINT", "nullable": True}
NODE_RUN = {
    "node_id": "dndnode-2", "status": "completed", "started_at": MOMENT, "completed_at": LATER, "attempts": 1,
    "outputs": {"passed": {"rows": 1234, "columns": 19}, "failed": {"rows": 5, "columns": 19}}, "error": None,
}  # fmt: skip
EXECUTION = {
    "id": RUN, "workflow_id": "k3v9x0b1c2d3", "version": 1, "status": "completed", "queued_at": MOMENT,
    "started_at": MOMENT, "completed_at": LATER, "error": None, "parameters": {"min_delay": 30}, "trigger": "api",
    "retry_of": None, "run_url": f"http://127.0.0.1:3000/runs/{RUN}",
}  # fmt: skip
DATABASE = {"host": "db.example.org", "port": 5432, "database": "flights", "user": "reader", "sslmode": "require"}

EXAMPLES: dict[str, Any] = {
    "Workflow": GRAPH,
    "StoredWorkflow": GRAPH | {
        "id": "k3v9x0b1c2d3", "version": 1, "created_at": MOMENT, "updated_at": MOMENT, "valid": True, "problems": [],
    },
    "WorkflowSummary": {
        "id": "k3v9x0b1c2d3", "name": "Late flights", "description": "", "version": 1, "valid": True,
        "created_at": MOMENT, "updated_at": MOMENT, "last_run_at": None,
    },
    "VersionSummary": {"version": 1, "valid": True, "created_at": MOMENT},
    "Verdict": {"valid": False, "problems": [PROBLEM]},
    "InferredColumns": {
        "nodes": {"dndnode-2": {"inputs": {"table": [COLUMN]}, "outputs": {"passed": [COLUMN], "failed": [COLUMN]}}},
        "problems": [],
    },
    "NodeToCheck": {"type": "filter", "config": {"condition": "dep_delay >= 15"}},
    "NodeType": {
        "type": "filter", "title": "Filter", "category": "Filter",
        "description": "Send each row to `passed` or `failed` by a condition.",
        "inputs": [{"name": "table", "description": "", "many": False, "optional": False}],
        "outputs": [{"name": "passed", "description": "", "many": False, "optional": False}],
        "dynamic_ports": False,
        "config_schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "properties": {"condition": {"type": "string", "x-ui": {"widget": "expression"}}},
        },
    },
    "ExpressionToCheck": {
        "expression": "dep_dely > ${min_delay}", "columns": [COLUMN],
        "parameters": [{"name": "min_delay", "type": "integer", "default": 15}],
    },
    "ExpressionVerdict": {
        "valid": False, "type": None, "values": None,
        "problem": PROBLEM | {"path": "/expression", "node_id": None, "port": None, "position": 0},
    },
    "Function": {
        "name": "upper", "description": "Converts `string` to upper case.", "examples": ["upper('Hello')"],
        "categories": ["string"],
        "signatures": [
            {"parameters": [{"name": "string", "type": "VARCHAR"}], "varargs": None, "return_type": "VARCHAR"},
        ],
    },
    "FileInfo": {
        "name": "flights.csv", "path": "raw/flights.csv", "size": 30960660, "modified_at": MOMENT, "type": "text/csv",
        "format": "csv",
    },
    "LayerInfo": {
        "name": "airports", "geometry_type": "Point", "crs": "EPSG:4326", "rows": 1458,
        "columns": [
            {"name": "faa", "type": "VARCHAR", "nullable": True},
            {"name": "geometry", "type": "GEOMETRY", "nullable": True, "crs": "EPSG:4326", "geometry_types": None},
        ],
    },
    "NewConnection": {
        "name": "warehouse", "kind": "postgresql", "config": DATABASE | {"password": "secret", "search_path": ["gis"]},
    },
    "ConnectionSettings": {"kind": "postgresql", "config": DATABASE | {"password": "***", "search_path": ["gis"]}},
    "NamedConnection": {
        "name": "warehouse", "kind": "postgresql", "config": DATABASE | {"password": "***", "search_path": ["gis"]},
        "created_at": MOMENT, "updated_at": MOMENT,
    },
    "ConnectionKind": {
        "kind": "postgresql", "title": "PostgreSQL", "description": "A PostgreSQL database.",
        "config_schema": {"type": "object", "properties": {"host": {"type": "string", "examples": ["db.example.org"]}}},
    },
    "ConnectionTest": {"ok": True, "message": "PostgreSQL 16.2 with PostGIS 3.4.0 answers to user 'reader'."},
    "Alive": {"status": "ok"},
    "Ready": {"ready": True, "parts": {"database": True, "code_server": True, "daemon": True}},
    "ExecuteRequest": {
        "parameters": {"min_delay": 30}, "input_data": {"orders": [{"id": 1, "amount": 9.5}]}, "cache": True,
        "until": "dndnode-2", "priority": 0, "tags": {"team": "ops"},
    },
    "Started": {
        "execution_id": RUN, "status": "pending", "workflow_id": "k3v9x0b1c2d3", "version": 1, "task_id": RUN,
        "run_url": f"http://127.0.0.1:3000/runs/{RUN}",
    },
    "TablePage": {"columns": [COLUMN], "rows": [[18], [23]], "total": 1234},
    "Profile": {
        "rows": 1234,
        "columns": [
            {"name": "dep_delay", "type": "BIGINT", "nulls": 2, "distinct": 527, "distinct_exact": True, "min": -43,
             "max": 1301, "mean": 12.64, "most_frequent": [{"value": -5, "count": 24}]},
            {"name": "geometry", "type": "GEOMETRY", "crs": "EPSG:4326", "nulls": 0, "empty": 0, "invalid": 0,
             "kinds": {"Point": 1234}, "bounds": [-122.4, 24.5, -66.9, 49.0]},
        ],
    },
    "RetryRequest": {"from": "failure", "version": "same"},
    "Execution": EXECUTION | {"nodes": [NODE_RUN]},
    "ExecutionSummary": EXECUTION,
    "LogLine": {
        "id": 42, "event": "node",
        "data": {"timestamp": LATER, "level": "debug", "message": "Done.", "node_id": "dndnode-2", "node": NODE_RUN},
    },
    "ProblemAnswer": {
        "type": "urn:graphmill:problem:invalid_graph", "title": "Invalid graph", "status": 400,
        "detail": PROBLEM["message"], "problems": [PROBLEM],
    },
}  # fmt: skip
