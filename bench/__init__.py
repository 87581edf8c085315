"""Measures imports against the databases' own tools."""
