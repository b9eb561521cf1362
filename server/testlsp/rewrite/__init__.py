"""Edits that keep comments and layout.

Each function takes one top-level `Statement` and a node of its tree, and gives edits with offsets relative to the
statement's text (`ensure_import` alone takes a file and counts in it). The edits are small: several rewrites of one
function apply together, and equal ones are equal edits, which count once. Where two rewrites would spoil each
other, their edits overlap. `CannotRewrite` says that there is no faithful rewrite, which is no fault. Offsets of
``ast`` and tokens are exact for nearly everything; LibCST, which only this package may know, is asked where they
are not (`fstrings`), and whether a text that ``ast`` refuses is newer Python (`grammar`).

Invariant: no edit touches text outside the statement, imports aside, nor what the nodes named do not own. This
package knows neither pytest nor rules.

The modules behind these functions are imported with the first call: rules name the functions when they are loaded,
and most runs rewrite nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testlsp.rewrite.refusal import CannotRewrite

if TYPE_CHECKING:
    from testlsp.rewrite.blocks import dedent_out, unwrap_block, wrap_body, wrap_in_with
    from testlsp.rewrite.brackets import remove_element
    from testlsp.rewrite.docstrings import append_to_docstring, insert_docstring, replace_docstring
    from testlsp.rewrite.expressions import replace_expression
    from testlsp.rewrite.generators import return_to_yield
    from testlsp.rewrite.imports import ensure_import
    from testlsp.rewrite.layout import indentation_of, newline_of
    from testlsp.rewrite.parameters import add_argument, add_parameter, remove_parameter, rename_parameter
    from testlsp.rewrite.statements import (
        insert_after,
        insert_before,
        remove_statement,
        remove_statements,
        replace_statement,
        replace_statements,
    )
else:
    _HOMES = {
        "blocks": "dedent_out unwrap_block wrap_body wrap_in_with",
        "brackets": "remove_element",
        "docstrings": "append_to_docstring insert_docstring replace_docstring",
        "expressions": "replace_expression",
        "generators": "return_to_yield",
        "imports": "ensure_import",
        "layout": "indentation_of newline_of",
        "parameters": "add_argument add_parameter remove_parameter rename_parameter",
        "statements": "insert_after insert_before remove_statement remove_statements replace_statement "
        "replace_statements",
    }

    def _on_first_call(home: str, name: str) -> Any:
        real = None

        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal real
            if real is None:
                import importlib

                real = getattr(importlib.import_module(f"testlsp.rewrite.{home}"), name)
            return real(*arguments, **named)

        call.__name__ = call.__qualname__ = name
        return call

    for _home, _names in _HOMES.items():
        for _name in _names.split():
            globals()[_name] = _on_first_call(_home, _name)

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
    "remove_element",
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
