"""Edits that keep comments and layout.

Each function takes one top-level `Statement` and a node of its tree, and gives edits with offsets relative to the
statement's text (`ensure_import` alone takes a file and counts in it). The edits are small: several rewrites of one
function apply together, and equal ones are equal edits, which count once. Where two rewrites would spoil each
other, their edits overlap. `CannotRewrite` says that there is no faithful rewrite, which is no fault. Offsets of
``ast`` and tokens are exact for nearly everything; LibCST, which only this package may know, is asked where they
are not (`fstrings`).

Invariant: no edit touches text outside the statement, imports aside, nor what the nodes named do not own. This
package knows neither pytest nor rules.
"""

from __future__ import annotations

from testlsp.rewrite.blocks import dedent_out, unwrap_block, wrap_body, wrap_in_with
from testlsp.rewrite.docstrings import append_to_docstring, insert_docstring, replace_docstring
from testlsp.rewrite.expressions import replace_expression
from testlsp.rewrite.generators import return_to_yield
from testlsp.rewrite.imports import ensure_import
from testlsp.rewrite.layout import CannotRewrite, indentation_of, newline_of
from testlsp.rewrite.parameters import add_argument, add_parameter, remove_parameter, rename_parameter
from testlsp.rewrite.statements import (
    insert_after,
    insert_before,
    remove_statement,
    remove_statements,
    replace_statement,
    replace_statements,
)

__all__ = [
    "CannotRewrite",
    "add_argument",
    "add_parameter",
    "append_to_docstring",
    "dedent_out",
    "ensure_import",
    "indentation_of",
    "insert_after",
    "insert_before",
    "insert_docstring",
    "newline_of",
    "remove_parameter",
    "remove_statement",
    "remove_statements",
    "rename_parameter",
    "replace_docstring",
    "replace_expression",
    "replace_statement",
    "replace_statements",
    "return_to_yield",
    "unwrap_block",
    "wrap_body",
    "wrap_in_with",
]
