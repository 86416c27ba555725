"""Calling web services: which addresses, how often, and page by page."""
