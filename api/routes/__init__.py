"""One file per noun. A handler reads the request, calls one function of `orchestrator`, and shapes the answer."""
