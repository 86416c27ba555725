"""Which texts of two lists are alike, by rapidfuzz."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

Scorer = Literal["ratio", "token_sort", "token_set", "partial", "jaro_winkler", "levenshtein"]
Scores = np.ndarray[Any, np.dtype[np.float64]]
CELLS = 4_000_000  # scores in memory at a time


def scores(left: list[str], right: list[str], scorer: Scorer, limit: float) -> Scores:
    """How alike each left text is to each right one: from 0 to 100, or the number of edits. Beyond `limit`: NaN."""
    from rapidfuzz import distance, fuzz, process

    functions: dict[str, Any] = {
        "ratio": fuzz.ratio,
        "token_sort": fuzz.token_sort_ratio,
        "token_set": fuzz.token_set_ratio,
        "partial": fuzz.partial_ratio,
        "jaro_winkler": distance.JaroWinkler.normalized_similarity,
        "levenshtein": distance.Levenshtein.distance,
    }
    scale = 100 if scorer == "jaro_winkler" else 1
    found: Scores = process.cdist(
        left, right, scorer=functions[scorer], score_cutoff=limit / scale, score_multiplier=scale, dtype=np.float64,
        workers=1,
    )  # fmt: skip
    found[found > limit if scorer == "levenshtein" else found < limit] = np.nan
    return found


def pairs(left: "pa.Table", right: "pa.Table", scorer: Scorer, limit: float, *, best: bool) -> "pa.Table":
    """Texts that are alike, as `l`, `r` and `score`; with `best`, one for each left text, the first of several.

    The tables have the columns `id`, `text` and `block`, and are sorted by `block`; texts of one block are compared.
    """
    import pyarrow as pa

    made: list[tuple[Any, Any, Any]] = []
    ids, others = left["id"].to_numpy(), right["id"].to_numpy()
    for ours, theirs in _blocks(left["block"].to_numpy(), right["block"].to_numpy()):
        choices = right["text"].slice(theirs.start, theirs.stop - theirs.start).to_pylist()
        step = max(1, CELLS // len(choices))
        for start in range(ours.start, ours.stop, step):
            texts = left["text"].slice(start, min(step, ours.stop - start)).to_pylist()
            found = scores(texts, choices, scorer, limit)
            rows, columns = _chosen(found, least=scorer == "levenshtein") if best else np.nonzero(~np.isnan(found))
            made.append((ids[start + rows], others[theirs.start + columns], found[rows, columns]))
    empty = [np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)]
    joined = [np.concatenate(parts) for parts in zip(empty, *made, strict=True)]
    return pa.table(dict(zip(("l", "r", "score"), joined, strict=True)))


def _chosen(found: Scores, *, least: bool) -> tuple[Any, Any]:
    """The best column of each row that has one; the first of equals."""
    (rows,) = np.nonzero(~np.isnan(found).all(axis=1))
    best = np.nanargmin if least else np.nanargmax
    return rows, best(found[rows], axis=1) if len(rows) else rows


def _blocks(left: Any, right: Any) -> Iterator[tuple[slice, slice]]:
    """Where each block that both have begins and ends."""
    for block in np.intersect1d(left, right):
        yield _where(left, block), _where(right, block)


def _where(blocks: Any, block: Any) -> slice:
    return slice(int(np.searchsorted(blocks, block)), int(np.searchsorted(blocks, block, "right")))
