import numpy as np
import pytest

from orchestrator.ops._sorted import in_order


@pytest.mark.parametrize("kinds", [1, 3, 1_000])
@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("rows", [0, 1, 500])
def test_as_lexsort(rows, columns, kinds):
    """With many, some and few rows that are equal; those equal in all columns stay as they come."""
    random = np.random.default_rng(rows + columns + kinds)
    first, *others = (random.integers(0, kinds, rows) for _ in range(columns))
    others = [each / 7 if number == 0 else each for number, each in enumerate(others)]
    assert (in_order(first, *others) == np.lexsort([*reversed(others), first])).all()
