"""The sum of floating-point numbers without rounding on the way, so that their order cannot show in it.

Threads add up in any order, and each addition of two DOUBLEs rounds; whole numbers do not. So each value is cut into
two whole numbers of 62 bits, whose sums are exact: the long accumulator of Kulisch (Computer Arithmetic and Validity,
2008), as wide as values mostly are. Smaller and larger ones are sorted before they are added up.
"""

SHIFT = 2.0**13
UNIT = 2.0**62
LEAST, MOST = 2.0**-23, 2.0**49  # all 53 bits of these and of what lies between are in the two numbers


def exact_sum(x: str) -> str:
    """SQL of the sum of a DOUBLE in SQL, rounded at its end only; null of nothing, infinite or NaN of such."""
    usual = f"abs({x}) BETWEEN {LEAST!r} AND {MOST!r}"
    value = f"(CASE WHEN {usual} THEN {x} * {SHIFT!r} END)"
    high = f"sum(trunc({value})::BIGINT)::DOUBLE"
    low = f"sum((({value} - trunc({value})) * {UNIT!r}::DOUBLE)::BIGINT)::DOUBLE / {UNIT!r}"
    others = f"fsum({x} ORDER BY {x}) FILTER ({x} <> 0 AND NOT ({usual}))"
    exact = f"coalesce(({high} + {low}) / {SHIFT!r}, 0) + coalesce({others}, 0)"
    return f"CASE WHEN isfinite(max(abs({x}))) THEN {exact} ELSE sum({x}) END"
