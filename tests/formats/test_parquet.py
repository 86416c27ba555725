from collections.abc import Callable
from decimal import Decimal

import pytest

from orchestrator.errors import NodeError
from orchestrator.ops.base import Context, Relation
from orchestrator.ops.data_loader import DataLoader

Load = Callable[..., Relation]
Save = Callable[..., int]


def test_types_stay(context: Context, load: Load, save: Save) -> None:
    query = """SELECT 1::TINYINT AS a, 1.50::DECIMAL(5,2) AS b, {'x': [1, 2]} AS c, MAP {'k': 1} AS d, 'x'::BLOB AS e,
        TIME '01:02:03' AS f, uuid() AS g, 12345678901234567890::HUGEINT AS h, NULL AS i, INTERVAL 1 DAY AS j"""
    assert save(query, target_type="parquet", path="a.parquet", compression="snappy") == 1
    found = load(source_type="parquet", path="a.parquet")
    assert list(map(str, found.types)) == [
        "TINYINT", "DECIMAL(5,2)", "STRUCT(x INTEGER[])", "MAP(VARCHAR, INTEGER)", "BLOB", "TIME", "UUID",
        "DECIMAL(38,0)", "VARCHAR", "VARCHAR",
    ]  # fmt: skip
    assert found.fetchall()[0][7] == Decimal(12345678901234567890)


def test_a_folder_name_makes_no_column(context: Context, load: Load, save: Save) -> None:
    save("SELECT 1 AS a", target_type="parquet", path="year=2013/a.parquet")
    assert load(source_type="parquet", path="year=2013/a.parquet").columns == ["a"]


@pytest.mark.parametrize("cut", [4, 50, -4])
def test_a_cut_file(context: Context, design: Context, save: Save, cut: int) -> None:
    save("SELECT range AS a FROM range(1000)", target_type="parquet", path="a.parquet")
    file = context.root / "a.parquet"
    file.write_bytes(file.read_bytes()[:cut])
    for each in (context, design):
        with pytest.raises(NodeError, match=r"^'a.parquet' cannot be read: .*\.$") as error:
            DataLoader.configure({"source_type": "parquet", "path": "a.parquet"}).call({}, each)
        assert error.value.code == "unreadable_file"
        assert str(context.root) not in error.value.message
