"""The classes that a test class inherits from, as far as they stand in the same file."""

from __future__ import annotations

from collections.abc import Iterable

from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted

# Base classes of other files whose hooks are known to leave os.environ alone.
_KNOWN = (
    "absl.testing.",
    "abc.",
    "aiohttp.test_utils.",
    "asynctest.",
    "builtins.",
    "django.",
    "rest_framework.test.",
    "tornado.testing.",
    "twisted.trial.",
    "typing.",
    "unittest.",
)


def has_unknown_base(function: Function, model: SemanticModel) -> bool:
    """Whether the class around *function* inherits from one of another file, whose hooks may do anything."""
    info = function.class_info
    while info is not None:
        if any(not _is_known(base, model, 0) for base in map(dotted, info.node.bases)):
            return True
        info = info.parent
    return False


def _is_known(base: str | None, model: SemanticModel, depth: int) -> bool:
    if base is None or depth > 20:
        return False
    binding = model.names.table.get(base)
    if binding is not None and binding.kind == "class":
        return all(_is_known(outer, model, depth + 1) for outer in binding.bases)
    root, _, rest = base.partition(".")
    target = model.names.target(root)
    return target is not None and f"{target}.{rest}".startswith(_KNOWN)


def methods_named(names: Iterable[str], function: Function, model: SemanticModel) -> list[Function]:
    """Return the methods of these names in the class of *function* and in the classes of this file that it extends."""
    info = function.class_info
    if info is None:
        return []
    chains = [info.chain]
    pending = [dotted(base) for base in info.node.bases]
    while pending and len(chains) < 20:
        base = pending.pop(0)
        binding = model.names.table.get(base) if base else None
        if base is not None and binding is not None and binding.kind == "class" and (base,) not in chains:
            chains.append((base,))
            pending += binding.bases
    return [found for chain in chains for name in names if (found := model.function_named(name, chain)) is not None]
