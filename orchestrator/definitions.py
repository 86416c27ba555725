"""Dagster's entry point: a repository that compiles workflows when they are asked for.

A saved workflow can be run at once, without a restart or a reload. Few jobs are listed, because every load of the
location costs a call per listed job; any job can be run. A worker pins the version that its run was made for.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dagster import JobDefinition, RepositoryData, RepositoryDefinition

from orchestrator.catalog import Catalog
from orchestrator.compiler.emit import REPOSITORY, job_name
from orchestrator.compiler.jobs import Jobs
from orchestrator.database import database_url
from orchestrator.errors import GraphmillError, NotFound
from orchestrator.settings import settings

LISTED = 50
PREFIX = job_name("")
_pinned: dict[str, int] = {}


def pin(workflow_id: str, version: int) -> None:
    """From now on this process compiles this version of the workflow and no other: what a run's worker calls first."""
    _pinned[workflow_id] = version


@lru_cache(maxsize=1)
def jobs() -> Jobs:
    """The compiled jobs of this process; the database is opened at the first use."""
    return Jobs(catalog())


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The catalog of this process."""
    return Catalog(database_url(settings()))


def listed() -> tuple[tuple[str, int], ...]:
    """The workflows that Dagster lists, and their versions."""
    return tuple(sorted(catalog().recent(LISTED)))


class Workflows(RepositoryData):
    """Every workflow as a job; those run or saved last are listed."""

    def get_top_level_resources(self) -> dict[str, Any]:
        """None: a run opens its own."""
        return {}

    def get_env_vars_by_top_level_resource(self) -> dict[str, Any]:
        """None."""
        return {}

    def get_job_names(self) -> Sequence[str]:
        """The listed jobs."""
        return [job_name(workflow_id) for workflow_id, _ in listed()]

    def get_all_jobs(self) -> Sequence[JobDefinition]:
        """The listed jobs, compiled; one that no longer compiles is left out."""
        return [job for workflow_id, version in listed() if (job := _compiled(workflow_id, version))]

    def has_job(self, job_name: str) -> bool:
        """Whether a workflow of this job name is there, listed or not."""
        try:
            self.get_job(job_name)
        except GraphmillError:
            return False
        return True

    def get_job(self, job_name: str) -> JobDefinition:
        """The job of a workflow: its pinned version, else its latest. Raises NotFound; InvalidGraph: it cannot run."""
        if not job_name.startswith(PREFIX):
            raise NotFound(f"Job '{job_name}' is not there.")
        workflow_id = job_name.removeprefix(PREFIX)
        version = _pinned.get(workflow_id) or catalog().get(workflow_id).version
        return jobs().get(workflow_id, version).job


def _compiled(workflow_id: str, version: int) -> JobDefinition | None:
    try:
        return jobs().get(workflow_id, version).job
    except GraphmillError:
        return None


repository = RepositoryDefinition(REPOSITORY, repository_data=Workflows())
