"""Offsets, lines and edits: the ground everything else stands on.

Invariant: there is one unit of position, the index into the ``str`` that holds the text. Conversion to UTF-8, UTF-16
and UTF-32 columns happens here and nowhere else (``ast`` counts UTF-8 bytes, LibCST code points, LSP the negotiated
unit). This package knows nothing of Python's syntax, of pytest or of any protocol.
"""

from __future__ import annotations

from testlsp.text.edits import Edit, OverlappingEdits, apply_edits, minimal_edit
from testlsp.text.lines import ColumnUnit, LineIndex, byte_column, column_from, column_in
from testlsp.text.ranges import TextRange

__all__ = [
    "ColumnUnit",
    "Edit",
    "LineIndex",
    "OverlappingEdits",
    "TextRange",
    "apply_edits",
    "byte_column",
    "column_from",
    "column_in",
    "minimal_edit",
]
