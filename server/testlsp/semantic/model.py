"""The questions that a rule may ask about its own file."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, TypeVar

from testlsp.semantic.collection import Collection, statement_functions
from testlsp.semantic.functions import FileRole, Function
from testlsp.semantic.names import Binding, ModuleNames, dotted, module_names
from testlsp.syntax import SourceFile, Statement

Fact = TypeVar("Fact")


class SemanticModel:
    """Names and functions of one version of a file. Cheap to make: everything is computed when it is asked for.

    ``previous`` hands over the model of the version before, so that an unchanged name table stays the same object and
    the functions of unchanged statements are not described again.

    ``shared`` holds the statements that others may look into: everything but tests and classes without subclasses.
    While it stays the same object, facts that were drawn from helpers, hooks and fixtures of this file still hold.
    """

    __slots__ = ("_by_name", "_facts", "_functions", "collection", "names", "role", "shared", "source")

    def __init__(
        self,
        source: SourceFile,
        role: FileRole = FileRole.TEST_MODULE,
        collection: Collection = Collection(),  # noqa: B008 - an immutable named tuple
        previous: SemanticModel | None = None,
    ) -> None:
        """Describe *source*, a file with the given *role* to pytest."""
        self.source = source
        self.role = role
        self.collection = collection
        names = module_names(source)
        self.names: ModuleNames = previous.names if previous is not None and previous.names == names else names
        shared = tuple(piece for piece in source.statements if piece.body and not self._stands_alone(piece))
        kept = previous.shared if previous is not None and previous.names is self.names else ()
        same = len(kept) == len(shared) and all(map(operator.is_, kept, shared))
        self.shared: tuple[Statement, ...] = kept if same else shared
        self._facts: dict[str, Any] = {}
        self._functions: list[Function] | None = None
        self._by_name: dict[tuple[tuple[str, ...], str], Function] | None = None

    def with_source(self, source: SourceFile) -> SemanticModel:
        """Return this model for *source*, which differs in nothing but the comments of pieces that stand alone."""
        model = SemanticModel.__new__(SemanticModel)
        model.source = source
        model.role = self.role
        model.collection = self.collection
        model.names = self.names
        model.shared = self.shared
        model._facts = self._facts
        model._functions = None
        model._by_name = None
        return model

    def _stands_alone(self, statement: Statement) -> bool:
        """Whether no other statement can draw facts from *statement*: a test function, or a class nobody inherits
        from.
        """
        node = statement.body[0]
        if self.role is not FileRole.TEST_MODULE or len(statement.body) > 1:
            return False
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node.name.startswith("test") and not any(map(_may_make_fixture, node.decorator_list))
        return isinstance(node, ast.ClassDef) and node.name not in self.names.bases

    def fact(self, name: str, compute: Callable[[SemanticModel], Fact]) -> Fact:
        """Return what *compute* says about this file, computed once; *name* tells it from other facts.

        It may only draw from the statements in `shared` and from the one that asks, else findings would grow stale.
        """
        if name not in self._facts:
            self._facts[name] = compute(self)
        found: Fact = self._facts[name]
        return found

    @property
    def functions(self) -> list[Function]:
        """All functions at module and class level, and the import-time code of statements, in document order."""
        if self._functions is None:
            self._functions = [function for piece in self.source.statements for function in self.functions_of(piece)]
        return self._functions

    def functions_of(self, statement: Statement) -> list[Function]:
        """Return the functions of one statement; kept with it while the name table is the same."""
        kept = statement.memo.get("functions")
        if kept is not None and kept[0] is self.names and kept[3] is self.shared:
            if kept[1] == (self.role, self.collection):
                functions: list[Function] = kept[2]
                return functions
        functions = statement_functions(statement, self.names, self.role, self.collection)
        statement.memo["functions"] = (self.names, (self.role, self.collection), functions, self.shared)
        return functions

    def forget(self) -> None:
        """Forget what was found out about the file, which cuts the circles of references in it."""
        for piece in self.source.statements:
            kept = piece.memo.pop("functions", None)
            for function in kept[2] if kept is not None else ():
                function.release()
            piece.memo.clear()
        self._facts.clear()
        self._functions = self._by_name = None

    def function_named(self, name: str, chain: tuple[str, ...] = ()) -> Function | None:
        """Return the last function of that name at module level, or in the class that *chain* names."""
        if self._by_name is None:
            self._by_name = {(function.chain, function.name): function for function in self.functions}
        return self._by_name.get((chain, name))

    def called(self, call: ast.Call, function: Function) -> Function | None:
        """Return the function of this file that *call* calls: by its plain name, or as a method of its own class."""
        target = call.func
        if isinstance(target, ast.Name):
            binding = self.binding(target.id, function)
            if binding is not None and binding.kind == "function":
                for scope in _scopes(function):
                    for nested in scope.nested:
                        if nested.name == target.id:
                            return nested
                return self.function_named(target.id)
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            outer = function.outermost
            if outer.class_info and target.value.id in {"self", "cls", outer.class_info.name}:
                return self.function_named(target.attr, outer.chain)
        return None

    def binding(self, name: str, function: Function | None) -> Binding | None:
        """Return what *name* is bound to where *function* uses it; None for builtins and names nobody binds."""
        scope = function
        while scope is not None and scope.node is not None:
            found = scope.locals.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return self.names.table.get(name)

    def is_local(self, name: str, function: Function | None) -> bool:
        """Whether *name* belongs to *function* or a function around it, and not to the module."""
        return any(name in scope.locals for scope in _scopes(function))

    def target(self, name: str, function: Function | None = None, depth: int = 0) -> str | None:
        """Return the dotted name that *name* stands for inside *function*, None where that is not known."""
        scope = function
        while scope is not None and scope.node is not None:
            found = scope.locals.get(name)
            if found is None:
                scope = scope.parent
                continue
            if found.kind == "import":
                return found.target
            if found.kind == "alias" and found.target and depth < 5:
                root, _, rest = found.target.partition(".")
                if root == name:
                    return None
                resolved = self.target(root, scope, depth + 1)
                return (f"{resolved}.{rest}" if rest else resolved) if resolved else None
            return None
        return self.names.target(name)

    def qualified_name(self, node: ast.AST | None, function: Function | None = None) -> str | None:
        """Return the dotted name of what *node* refers to, through imports and aliases: ``os.environ``,
        ``builtins.len``.

        None where it is not known, for instance for an attribute of a local variable or of a call's result.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        target = self.target(node.id, function)
        if target is None:
            return None
        return ".".join((target, *reversed(parts))) if parts else target


def _may_make_fixture(decorator: ast.expr) -> bool:
    """Whether a decorator may make something else of a test: one of unknown name, or one that speaks of fixtures."""
    name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name is None or "fixture" in name.rpartition(".")[2] or "." not in name


def _scopes(function: Function | None) -> list[Function]:
    """Return *function* and those around it, innermost first; import-time code has no scope of its own."""
    scopes: list[Function] = []
    while function is not None and function.node is not None:
        scopes.append(function)
        function = function.parent
    return scopes
