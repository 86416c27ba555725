"""Names for Dagster (`[A-Za-z0-9_]+`) from names that may be anything."""

import hashlib
import keyword
import re

LONGEST = 80
LONGEST_PORT = 200
ESCAPED = "_p_"
# What Dagster keeps for itself, beside Python's words.
DAGSTERS = frozenset({
    "context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict", "output_arg_dict", "int", "str", "float",
    "bool", "input", "output", "type",
})  # fmt: skip


def key(node_id: str) -> str:
    """A file and Dagster name for a node id; different ids give different keys.

    Letters and digits stay, any other character becomes `_<hex>_`. An id whose key would be too long is hashed, behind
    `_h_`, which no escape can produce.
    """
    made = escaped(node_id)
    if len(made) <= LONGEST and made:
        return made
    return "_h_" + hashlib.sha256(node_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def escaped(text: str) -> str:
    """Letters and digits stay, any other character becomes `_<hex>_`."""
    return re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}_", text)


def alias(node_id: str, label: str) -> str:
    """The name of a node in Dagster: its label for the person, then its key, so that no two nodes share one."""
    return f"{slug(label)}__{key(node_id)}"


def slug(label: str) -> str:
    """A label as far as Dagster takes it in a name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", label).strip("_")[:40].strip("_") or "node"


def port_key(port: str) -> str:
    """A file and Dagster name for a port: its own where that is fit, else escaped, so that `port_of` finds it again.

    Raises:
        ValueError: the name is empty or too long.
    """
    fit = re.fullmatch(r"[A-Za-z0-9_]+", port) and not port.startswith(ESCAPED)
    made = port if fit and port not in DAGSTERS and not keyword.iskeyword(port) else ESCAPED + escaped(port)
    if not port or len(made) > LONGEST_PORT:
        raise ValueError(port)
    return made


def port_of(made: str) -> str:
    """The port that has this key."""
    if not made.startswith(ESCAPED):
        return made
    return re.sub(r"_([0-9a-f]+)_", lambda match: chr(int(match[1], 16)), made.removeprefix(ESCAPED))
