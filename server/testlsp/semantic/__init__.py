"""What a test file means to pytest.

Name resolution, the functions that pytest collects, their effects on process state and what restores them, and the
fixture graph. Invariants: a `FileSummary` holds no position and no tree, so that equal summaries mean that nothing
outside the file has to be computed again; what cannot be resolved is unknown, which is an answer of its own and never a
finding.
"""

from __future__ import annotations

from testlsp.semantic.collection import Collection
from testlsp.semantic.functions import ClassInfo, FileRole, FixtureMark, Function, FunctionKind
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import Binding, ModuleNames, dotted

__all__ = [
    "Binding",
    "ClassInfo",
    "Collection",
    "FileRole",
    "FixtureMark",
    "Function",
    "FunctionKind",
    "ModuleNames",
    "SemanticModel",
    "dotted",
]
