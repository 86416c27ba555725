"""Dagster's code server with warm workers: `python -m orchestrator.service.code_server`.

Nothing is imported at the top: a worker's process loads this module again as its main module.
"""

if __name__ == "__main__":
    from orchestrator.service.serve import main

    main()
