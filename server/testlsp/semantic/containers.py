"""Lists, dicts and sets that live as long as their module.

Only what the name makes sure of counts: a variable of the same file that is bound once, to a list, dict or set; and
an imported constant (``CAPITALS``, PEP 8), whose kind is then told by what is done to it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testlsp.semantic.functions import Function
    from testlsp.semantic.model import SemanticModel

CONTAINER_METHODS = frozenset("add append clear discard extend insert pop popitem remove setdefault update".split())
"""Methods that change a list, dict or set in place."""


def shared_container(node: ast.expr, name: str | None, function: Function, model: SemanticModel) -> str | None:
    """Return the name of the container that *node* is, None when it is not known to be one that tests share.

    *name* is the qualified name of *node*. One of the same file is named ``.NAME``.
    """
    if name is not None:
        last = name.rpartition(".")[2]
        return name if last.isupper() and len(last) > 2 and "." in name.strip(".") else None
    if not isinstance(node, ast.Name) or model.is_local(node.id, function):
        return None
    bindings = model.names.bindings.get(node.id, ())
    if len(bindings) == 1 and bindings[0].kind == "variable" and bindings[0].value == "mutable":
        return f".{node.id}"
    return None
