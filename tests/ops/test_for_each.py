from compiler.graphs import graph, node

WORKFLOWS = {
    "topofregion1": graph(
        [node("in", "input"), node("s", "sample", {"n": "${first}"}), node("out", "output", {"name": "top"})],
        ["in -> s", "s.sampled -> out"],
        parameters=[{"name": "first", "type": "integer", "default": 1}, {"name": "name"}],
    )
}
