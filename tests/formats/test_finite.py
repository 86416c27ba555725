"""NaN and infinity inside of nested values, which JSON does not have."""

import json
from collections.abc import Callable
from math import inf, nan

import pytest

from orchestrator.ops.base import Context

Save = Callable[..., int]
QUERY = (
    "SELECT ['nan'::DOUBLE, 1.5] AS l, {'x': 'inf'::FLOAT, 'y': [{'z': '-inf'::DOUBLE, 'n': 1}]} AS s, "
    "MAP {'k': 'nan'::DOUBLE} AS m, ['nan'::DOUBLE, 2]::DOUBLE[2] AS a, 'nan'::DOUBLE AS d "
    "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL"
)
VALUES = {"l": [None, 1.5], "s": {"x": None, "y": [{"z": None, "n": 1}]}, "m": {"k": None}, "a": [None, 2.0], "d": None}


def no_number(text: str) -> None:
    raise AssertionError(text)


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_they_are_null(context: Context, save: Save, kind: str) -> None:
    save(QUERY, target_type=kind, path=f"a.{kind}")
    text = (context.root / f"a.{kind}").read_text()
    rows = json.loads(text if kind == "json" else f"[{','.join(text.splitlines())}]", parse_constant=no_number)
    assert rows == [VALUES, dict.fromkeys(VALUES)]


def test_they_are_null_in_text(context: Context, save: Save) -> None:
    save(QUERY, target_type="csv", path="a.csv")
    text = (context.root / "a.csv").read_text().splitlines()[1]
    assert text.startswith('"[null,1.5]","{""x"":null,""y"":[{""z"":null,""n"":1}]}","{""k"":null}","[null,2.0]",')


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"target_type": "geojson", "path": "a.geojson"}, [None, None, 1.5]),
        ({"target_type": "geopackage", "path": "a.gpkg"}, [None, inf, 1.5]),
        ({"target_type": "sqlite", "path": "a.db", "table": "t"}, [None, inf, 1.5]),
        ({"target_type": "flatgeobuf", "path": "a.fgb"}, [nan, inf, 1.5]),
    ],
)
def test_as_the_format_says(context, load, save, config, kept):
    geometry = ", 'POINT (1 2)'::GEOMETRY AS g" if "table" not in config else ""
    save(f"SELECT x{geometry} FROM (VALUES ('nan'::DOUBLE), ('inf'), (1.5)) t(x)", **config)
    read = {key.replace("target", "source"): value for key, value in config.items()}
    assert repr([x for (x,) in load(**read).project("x").fetchall()]) == repr(kept)
