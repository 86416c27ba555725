"""A public function says which errors it raises: `Raises NotFound.` in a line, or a section with a word for each."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [path.relative_to(ROOT) for part in ("orchestrator", "api") for path in sorted((ROOT / part).rglob("*.py"))]
ELSEWHERE = {
    "router": "a route's docstring is what its caller reads, who gets the answers of `responses`",
    "app": "a command's docstring is its help, which has its exit codes",
    "field_validator": "pydantic's own protocol",
    "model_validator": "pydantic's own protocol",
}
MISTAKES = {"AssertionError", "RuntimeError", "TypeError"}  # of who wrote the code: no caller waits for them


def public(node: ast.AST, place: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if each.name.startswith("_"):
                continue
            name = f"{place}.{each.name}"
            if isinstance(each, ast.ClassDef):
                yield from public(each, name)
            elif not {part for told in each.decorator_list for part in names(told)} & ELSEWHERE.keys():
                yield name, each
        else:
            yield from public(each, place)


def names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def raised(function: ast.AST) -> Iterator[str]:
    """The errors in its own body, by class; empty where a helper makes it. An error that only passes is no own one."""
    for each in ast.iter_child_nodes(function):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(each, ast.Raise) and each.exc is not None:
            made = each.exc.func if isinstance(each.exc, ast.Call) else each.exc
            if not names(made) & MISTAKES:
                yield made.id if isinstance(made, ast.Name) and made.id[0].isupper() else ""
        yield from raised(each)


def unsaid(source: str, module: str = "module") -> list[str]:
    missing = []
    for name, function in public(ast.parse(source), module):
        said = ast.get_docstring(function) or ""
        missing += [
            f"{name} {error}".strip() for error in raised(function) if "Raises" not in said or error not in said
        ]
    return missing


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_public_function_says_what_it_raises(path: Path) -> None:
    assert unsaid((ROOT / path).read_text(), path.stem) == []


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('def f():\n    """It."""\n    raise NotFound("x")', ["module.f NotFound"]),
        ('def f():\n    """It. Raises Conflict."""\n    raise NotFound("x")', ["module.f NotFound"]),
        ('def f():\n    """It. Raises NotFound."""\n    raise NotFound("x")', []),
        ('def f():\n    """It. Raises NodeError."""\n    raise refused("x")', []),
        ('class A:\n    async def f(self):\n        """It."""\n        raise refused("x")', ["module.A.f"]),
        ("if True:\n    def f():\n        if g():\n            raise ValueError", ["module.f ValueError"]),
        ('def f():\n    """It."""\n    try:\n        g()\n    except OSError:\n        raise', []),
        ('def f():\n    """It."""\n    def g():\n        raise NotFound("x")\n    return g', []),
        ('def f():\n    """It."""\n    raise TypeError("no f")', []),
        ('def _f():\n    raise NotFound("x")', []),
        ('class _A:\n    def f(self):\n        raise NotFound("x")', []),
        ('@field_validator("a")\ndef f():\n    """It."""\n    raise NotFound("x")', []),
        ('@router.get("/")\ndef f():\n    """It."""\n    raise NotFound("x")', []),
    ],
)
def test_what_is_not_said_is_found(source: str, missing: list[str]) -> None:
    assert unsaid(source) == missing
