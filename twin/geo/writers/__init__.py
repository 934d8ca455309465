"""Formats a city can be written to, one file a format."""
