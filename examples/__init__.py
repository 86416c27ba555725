"""Workflows on real data, and how their data gets into the data root."""
