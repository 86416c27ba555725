"""Formats of XML in other encodings than UTF-8, by their marks: read, or refused as what they are."""

from collections.abc import Callable

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
POINT = "<{0}Point><{0}{1}>1{2}2</{0}{1}></{0}Point>"
DOCUMENTS = {
    "xml": "<rows><r><a>é</a></r></rows>",
    "kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>é</name>'
    f"{POINT.format('', 'coordinates', ',')}</Placemark></Document></kml>",
    "gml": '<g:FeatureCollection xmlns:g="http://www.opengis.net/gml"><g:featureMember><g:a><n>é</n>'
    f"{POINT.format('g:', 'pos', ' ')}</g:a></g:featureMember></g:FeatureCollection>",
    "gpx": '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="1" lon="2">'
    "<name>é</name></wpt></gpx>",
}
READ = {"utf-8-sig": [*DOCUMENTS], "utf-16": ["xml", "kml"], "utf-16-be": ["xml", "kml"]}
REFUSED = {"utf-32": [*DOCUMENTS], "utf-32-be": [*DOCUMENTS], "utf-16": ["gml", "gpx"]}


def written(context: Context, kind: str, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("be") else ""
    text = f'{mark}<?xml version="1.0"?>{DOCUMENTS[kind]}'
    (context.root / f"a.{kind}").write_bytes(text.encode(encoding))


@pytest.mark.parametrize(("encoding", "kind"), [(each, kind) for each, kinds in READ.items() for kind in kinds])
def test_what_is_read(context: Context, load: Load, encoding: str, kind: str) -> None:
    written(context, kind, encoding)
    (row,) = load(source_type=kind, path=f"a.{kind}").fetchall()
    assert "é" in row


@pytest.mark.parametrize(("encoding", "kind"), [(each, kind) for each, kinds in REFUSED.items() for kind in kinds])
def test_what_is_refused(context: Context, design: Context, encoding: str, kind: str) -> None:
    written(context, kind, encoding)
    said = "UTF-8 or UTF-16: save it as one of these" if kind in ("xml", "kml") else "UTF-8: save it as that"
    for each in (context, design):
        with pytest.raises(NodeError) as error:
            DataLoader.configure({"source_type": kind, "path": f"a.{kind}"}).call({}, each)
        assert error.value.message == f"'a.{kind}' is {encoding[:6].upper()}, and {kind.upper()} is read as {said}."
        assert error.value.code == "wrong_encoding"
