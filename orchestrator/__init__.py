"""Graphmill: a posted graph becomes a Dagster job, and every port can be looked at."""
