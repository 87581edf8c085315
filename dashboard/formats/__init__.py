"""Rows to bytes and back, streaming: layouts, cutting at record ends, strict reading."""
