"""One workflow in a process of its own, as a worker runs it: `python -m benchmarks.one_run GRAPH.json`, fused.

Prints the seconds of the run and the process's peak memory in bytes.
"""

import gc
import json
import resource
import sys
import time
from pathlib import Path

from dagster import DagsterInstance

from benchmarks.graphs import five
from orchestrator.compiler.jobs import compile_document
from orchestrator.settings import settings
from orchestrator.tables import open_ahead


def main(graph: str) -> None:
    """Run it."""
    compiled = compile_document(json.loads(Path(graph).read_text()), "benchmark", 1)
    config = {"graphmill": {"cache": False}}
    warm = compile_document(five(), "warm", 1)  # a worker is forked from a process that has imported everything
    with DagsterInstance.ephemeral() as instance:
        warm.job.execute_in_process(instance=instance)
        gc.collect()
        gc.freeze()  # as `orchestrator.service.warm` does before it forks
        open_ahead(memory_limit=settings().memory_limit, threads=settings().threads)  # as a worker does
        started = time.perf_counter()
        result = compiled.job.execute_in_process(run_config=config, instance=instance)
        seconds = time.perf_counter() - started
    if not result.success:
        raise SystemExit(1)
    print(json.dumps({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
