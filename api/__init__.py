"""The HTTP face of Graphmill: thin routes over `orchestrator`."""
