"""Functions and classes of a test module that look like tests and that pytest does not collect.

Whether the rest of a file refers to a name is asked when its summary is made, because it depends on the whole text.
"""

from __future__ import annotations

from testlsp.semantic.collection import Collection, matches
from testlsp.semantic.functions import FileRole
from testlsp.semantic.model import SemanticModel

_MISSPELT = frozenset("tset tets etst tesst ttest teest tesr tesy tedt tezt trst rtest tst tes".split())


def intended_test_name(name: str, collection: Collection) -> str | None:
    """Return what a function called *name* should be called to be collected; None unless it looks like a test.

    Such names have ``test`` misspelt (``tset_login``), in capitals (``Test_login``), or are not what
    ``python_functions`` asks for.
    """
    head, underscore, rest = name.partition("_")
    if matches(name, collection.python_functions) or not rest:
        return None
    if underscore and (head in _MISSPELT or (head != "test" and head.lower() in {"test", "tests"})):
        intended = f"test_{rest}"
        return intended if matches(intended, collection.python_functions) else None
    return name if name.startswith("test_") else None


def intended_class_name(name: str, collection: Collection) -> str | None:
    """Return what a class called *name* should be called to be collected; None unless it looks like a class of tests.

    Such names end in ``Test`` or ``Tests``. What is called a base class or mixin is none.
    """
    for ending in ("Tests", "Test"):
        subject = name.removesuffix(ending)
        if subject != name and subject and not name.startswith("_") and not matches(name, collection.python_classes):
            if any(
                word in name for word in ("Base", "Mixin", "Abstract", "Common", "Generic", "Shared", "Mock", "Fake")
            ):
                return None
            intended = f"Test{subject}"
            return intended if matches(intended, collection.python_classes) else None
    return None


def idle_names(model: SemanticModel) -> tuple[str, ...]:
    """Return the functions and classes at module level that look like tests, are not collected, and that the rest of
    the file does not mention, sorted.
    """
    if model.role is not FileRole.TEST_MODULE:
        return ()
    found = []
    for name, binding in model.names.table.items():
        if binding.kind == "function":
            intended = intended_test_name(name, model.collection)
        else:
            intended = intended_class_name(name, model.collection) if binding.kind == "class" else None
        if intended is not None and intended not in model.names.table and model.source.text.count(name) == 1:
            found.append(name)
    return tuple(sorted(found))
