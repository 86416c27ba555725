"""The page for people who come from FME: its most used transformers, and every other one that has a node type here."""

import importlib
import re
from collections.abc import Iterator

from docs import schema
from orchestrator.ops.base import Op
from orchestrator.registry import node_types

PAGE = """# Coming from FME

What to use here in place of an FME transformer. [Semantics](../semantics.md) says where null, order, types and joins
differ for all of them.

| FME | Graphmill |
|---|---|
| workspace | workflow, [a graph in JSON](../graph.md) |
| feature, attribute | row, column; geometry is a column too, of one coordinate system |
| list attribute `x{}` | a column of type list, or list of structs; counted from 1 |
| null, missing, empty | null and empty text; a row has every column of its table; `null_values` adds columns |
| feature type | a table, at a port |
| several connections to a port | [`union`](../catalogue.md#union) |
| user parameter `$(name)` | [parameter](../graph.md#parameters) `${name}` |
| expression `@Value(a)` | `a`, in DuckDB's SQL |
| `<Rejected>`, `fme_rejection_code` | `rejected`, `rejection_code` |
| Rejected Feature Handling | [`on_rejected`](../graph.md#settings-of-the-workflow): `fail`, `continue` |
| feature caching, partial runs | a table for every port, unless `cache` is false; `until` and `from` |
| Complete Groups, Input Is Ordered, Suppliers First | nothing: no order of arrival matters |

A test runs each page's workflow and counts its rows. Most of FME's ports and parameters are named from memory, and its
versions differ: take the names as a way to the setting, not as a reference."""

TOP = """## The most used

The first thirty of Safe Software's list of June 2018, by use, and the two that only the edition of January 2018 has."""

OTHERS = """## All others

Other transformers, and the node types that do what they do."""

# Rank, transformers with a page each, node types. J is the edition of January 2018.
MOST_USED: tuple[tuple[str, str, str], ...] = (
    ("1", "Tester", "filter"),
    ("2", "AttributeCreator", "compute"),
    ("3", "AttributeManager", "compute rename_columns select_columns cast"),
    ("4", "FeatureMerger", "merge_features lookup"),
    ("4", "FeatureJoiner", "join"),
    ("5", "Inspector", "output log"),
    ("6", "Creator", "generate_rows inline_data"),
    ("7", "AttributeKeeper", "select_columns"),
    ("8", "TestFilter", "route"),
    ("9", "Reprojector", "reproject"),
    ("10", "Clipper", "clip"),
    ("11", "AttributeRenamer", "rename_columns"),
    ("12", "AttributeFilter", "route_by_value"),
    ("13", "Aggregator", "combine_parts aggregate collect_list"),
    ("14", "AttributeRemover", "select_columns remove_geometry"),
    ("15", "FeatureReader", "data_loader"),
    ("16", "VertexCreator", "points_from_xy lines_from_points"),
    ("17", "Counter", "counter"),
    ("18", "DuplicateFilter", "distinct"),
    ("19", "StringReplacer", "string_replace"),
    ("20", "StatisticsCalculator", "statistics aggregate"),
    ("21", "SpatialFilter", "spatial_filter spatial_join"),
    ("22", "GeometryFilter", "geometry_filter"),
    ("23", "Bufferer", "buffer"),
    ("24", "Sorter", "sort"),
    ("25", "AttributeExposer", "flatten_json explode_list"),
    ("26", "Dissolver", "dissolve"),
    ("27", "ListExploder", "explode_list"),
    ("28", "AttributeSplitter", "split_column"),
    ("29", "CoordinateExtractor", "coordinates"),
    ("30", "FeatureWriter", "data_writer"),
    ("28 J", "Sampler", "sample"),
    ("30 J", "ExpressionEvaluator", "compute"),
)
NAME = re.compile(r"\b(?:\dD)?[A-Z]\w*(?:er|or)\b")


def page() -> str:
    """The page of transformers; those of the second table are named in the docstrings of the node types' modules."""
    top = [(rank, f"[{name}]({name}.md)", _links(types.split())) for rank, name, types in MOST_USED]
    counterparts: dict[str, list[str]] = {}
    for op in node_types().values():
        for name in named(op):
            counterparts.setdefault(name, []).append(op.type)
    paged = {name for _, name, _ in MOST_USED}
    others = sorted((name for name in counterparts if name not in paged), key=lambda name: name.lower().lstrip("23"))
    rows = [(name, _links(counterparts[name]), " ".join(map(_first, counterparts[name]))) for name in others]
    return "\n\n".join(
        [
            PAGE,
            TOP,
            schema.table(("Rank", "Transformer", "Node types"), top),
            OTHERS,
            schema.table(("Transformer", "Node types", "What they do"), rows),
        ]
    )


def named(op: type[Op]) -> Iterator[str]:
    """The transformers that the docstring of a node type's module names as FME's."""
    said = " ".join((importlib.import_module(op.__module__).__doc__ or "").split())
    _, found, theirs = said.partition("FME's ")
    if found:
        yield from NAME.findall(theirs) or [re.split(r"[,;.]", theirs)[0]]


def _links(types: list[str]) -> str:
    return ", ".join(f"[`{name}`](../catalogue.md#{name})" for name in types)


def _first(name: str) -> str:
    return " ".join((node_types()[name].__doc__ or "").strip().split("\n\n")[0].split())
