"""Keys of YAML's mappings as they are written: `on` is no truth value, and `1` and `true` are two."""

from typing import Any

from orchestrator.errors import NodeError


def loader(name: str) -> Any:
    """PyYAML's loader of plain values, whose keys are text; `name` is the file's."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolver: Any = yaml.resolver.BaseResolver
    text, of_maps = resolver.DEFAULT_SCALAR_TAG, resolver.DEFAULT_MAPPING_TAG

    class Loader(base):  # type: ignore[misc]  # its base is known only now
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            if node.tag == of_maps:
                _check(node, name)
                self.flatten_mapping(node)
                node.value = [
                    (yaml.ScalarNode(text, key.value) if isinstance(key, yaml.ScalarNode) else key, value)
                    for key, value in node.value
                ]
            return super().construct_mapping(node, deep)

    return Loader


def _check(node: Any, name: str) -> None:
    """Refuse a key that is there twice: one value would be lost.

    Raises:
        NodeError: `duplicate_column`.
    """
    keys = [key.value for key, _ in node.value if isinstance(key.value, str) and key.value != "<<"]
    if len(set(keys)) < len(keys):
        twice = next(key for index, key in enumerate(keys) if key in keys[:index])
        line = node.start_mark.line + 1
        message = f"'{name}' has a mapping with the key '{twice}' twice: line {line:,}."
        raise NodeError(message, code="duplicate_column", row=line, hint="rename one of them")
