"""What other linters have been told about the same place."""

from __future__ import annotations

import ast

from testlsp.lint import Context


def silenced_elsewhere(ctx: Context, node: ast.expr | ast.stmt, codes: tuple[str, ...]) -> bool:
    """Whether a ``noqa`` on the first or last line of *node* names one of *codes*: somebody has decided already."""
    text = ctx.statement.text
    start, end = ctx.statement.range(node)
    for offset in {start, end}:
        line = text[text.rfind("\n", 0, offset) + 1 :].split("\n", 1)[0]
        _, found, comment = line.partition("# noqa:")
        if found and any(code in comment for code in codes):
            return True
    return False
