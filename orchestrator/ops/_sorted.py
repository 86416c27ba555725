"""The order of rows by several columns of numbers.

`numpy.lexsort` merges; sorting one column of whole numbers is vectorised, and took a tenth of the time for pairs.
"""

from typing import Any

import numpy as np

Order = np.ndarray[Any, np.dtype[np.int64]]


def in_order(first: Any, *others: Any) -> Order:
    """The places of rows in the order of whole numbers from 0, where these are equal of others, decimals too."""
    if not others or not len(first):
        return np.argsort(first, kind="stable")
    second, *more = others
    key = first * np.int64(len(first)) + _ranks(second)
    order = np.argsort(key)
    at = key[order]
    equal = np.flatnonzero(at[1:] == at[:-1])
    if len(equal):
        places = np.union1d(equal, equal + 1)
        rows = order[places]
        order[places] = rows[np.lexsort((rows, *(each[rows] for each in reversed(more)), key[rows]))]
    return order


def _ranks(values: Any) -> Order:
    """The number of each value among the different ones."""
    order = np.argsort(values)
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.cumsum(np.diff(values[order], prepend=values[order[:1]]) != 0)
    return ranks
