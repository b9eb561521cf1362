"""What a ``parametrize`` mark says, as far as it is written out: its names and its cases.

How pytest reads them is in ``ParameterSet._parse_parametrize_args`` and ``_for_parametrize`` of its
``mark/structures.py``: one name given as text takes each value as it is; in all other cases a value is unpacked.
"""

from __future__ import annotations

import ast

from testlsp.semantic.model import SemanticModel
from testlsp.text.named import NamedTuple


class Case(NamedTuple):
    """One case as written: *size* is how many values it gives, None when that cannot be read.

    *plain* says that it is a bare value and not a ``pytest.param``, which can carry an id and marks.
    """

    node: ast.expr
    size: int | None
    plain: bool


class Parametrization(NamedTuple):
    """The arguments of one ``parametrize``: its *names*, None if computed, and the expression of its *values*.

    *unpacks* says that each value must hold as many as there are names. *cases* is None unless the values are a
    literal list or tuple without ``*``; *ids* is the argument of that name.
    """

    names: tuple[str, ...] | None
    values: ast.expr
    unpacks: bool
    cases: tuple[Case, ...] | None
    ids: ast.expr | None


def parametrization(call: ast.Call, model: SemanticModel) -> Parametrization | None:
    """Return what *call*, of ``pytest.mark.parametrize`` or the like, says; None when its arguments cannot be told."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in given or any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    named = call.args[0] if call.args else given.get("argnames")
    values = call.args[1] if len(call.args) > 1 else given.get("argvalues")
    if named is None or values is None:
        return None
    names: tuple[str, ...] | None = None
    unpacks = True
    if isinstance(named, ast.Constant) and isinstance(named.value, str):
        names = tuple(part.strip() for part in named.value.split(",") if part.strip())
        unpacks = len(names) != 1
    elif isinstance(named, ast.List | ast.Tuple):
        read = [item.value for item in named.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        names = tuple(read) if len(read) == len(named.elts) else None
    cases: tuple[Case, ...] | None = None
    if isinstance(values, ast.List | ast.Tuple) and not any(isinstance(item, ast.Starred) for item in values.elts):
        cases = tuple(_case(item, unpacks, model) for item in values.elts)
    return Parametrization(names, values, unpacks, cases, call.args[3] if len(call.args) > 3 else given.get("ids"))


def _case(node: ast.expr, unpacks: bool, model: SemanticModel) -> Case:
    if isinstance(node, ast.Call):
        if model.qualified_name(node.func) == "pytest.param":
            return Case(node, _count(node.args), False)
        return Case(node, None, False)
    if not unpacks:
        return Case(node, 1, True)
    if isinstance(node, ast.List | ast.Tuple):
        return Case(node, _count(node.elts), True)
    if isinstance(node, ast.Constant):
        # Text is unpacked into its letters; a number or None cannot be unpacked at all.
        return Case(node, len(node.value) if isinstance(node.value, str | bytes) else 1, True)
    return Case(node, None, True)


def _count(nodes: list[ast.expr]) -> int | None:
    return None if any(isinstance(node, ast.Starred) for node in nodes) else len(nodes)


def is_constant(node: ast.expr) -> bool:
    """Whether *node* is made of literals alone, so that equal text means equal values."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return is_constant(node.operand)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(map(is_constant, node.elts))
    if isinstance(node, ast.Dict):
        return all(key is not None and is_constant(key) for key in node.keys) and all(map(is_constant, node.values))
    return False
