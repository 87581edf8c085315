"""Delimited text (CSV and its kin): the public face of layout, sniffing, cutting and reading."""

from dashboard.formats.cutting import Block, cut
from dashboard.formats.layout import Layout
from dashboard.formats.reading import Ragged, Rows, read_block
from dashboard.formats.sniffing import detect

__all__ = ["Block", "Layout", "Ragged", "Rows", "cut", "detect", "read_block"]
