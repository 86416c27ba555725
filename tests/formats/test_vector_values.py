from collections.abc import Callable

import pytest

from orchestrator.errors import NodeError
from orchestrator.formats import writers
from orchestrator.ops.base import Context

Save = Callable[..., int]
SHAPE = "'POINT (1 2)'::GEOMETRY('OGC:CRS84') AS geometry"
KINDS = ["flatgeobuf", "geojson", "geopackage", "gml", "mapinfo", "shapefile"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("date", ["20000-01-01", "0044-03-15 (BC)"])
def test_dates_that_would_become_others(context: Context, save: Save, kind: str, date: str) -> None:
    query = f"SELECT DATE '{date}' AS d, {SHAPE}"
    with pytest.raises(NodeError, match="Column 'd' has a date outside of the years 1 to 9999") as error:
        save(query, target_type=kind, path=f"a{writers()[kind].extensions[0]}")
    assert (error.value.code, error.value.port) == ("invalid_value", "table")
    assert not list(context.root.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_dates_at_the_ends(save: Save, kind: str) -> None:
    query = f"SELECT unnest([DATE '0001-01-01', NULL, DATE '9999-12-31']) AS d, {SHAPE}"
    assert save(query, target_type=kind, path=f"a{writers()[kind].extensions[0]}") == 3


def test_a_number_without_room(context: Context, save: Save) -> None:
    with pytest.raises(NodeError, match=r"Column 'n' has a number .* no room for: 1\.5\d*e\+300") as error:
        save(f"SELECT 1.5e300 AS n, {SHAPE}", target_type="shapefile", path="a.shp")
    assert error.value.code == "invalid_value"
    assert not list(context.root.iterdir())


@pytest.mark.parametrize("number", [10**18, -(10**18)])
def test_an_integer_that_a_shapefile_gives_back_as_another(save: Save, number: int) -> None:
    save(f"SELECT {abs(number) - 1} AS n, {SHAPE}", target_type="shapefile", path="a.shp")
    with pytest.raises(NodeError, match="Column 'n' holds an integer of more than 18 digits") as error:
        save(f"SELECT {number} AS n, {SHAPE}", target_type="shapefile", path="a.shp")
    assert (error.value.code, error.value.port) == ("invalid_value", "table")
