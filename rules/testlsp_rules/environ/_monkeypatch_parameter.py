"""Hand ``monkeypatch`` to a helper that changes the environment, and to it from everybody who calls it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from testlsp.lint import Context, Fix, Rewrite
from testlsp.lint.context import unsafe
from testlsp.lint.diagnostic import Further
from testlsp.lint.patching import Form, form_for, with_parameter
from testlsp.rewrite import CannotRewrite, add_argument, replace_statement
from testlsp.semantic.effects import effects_of
from testlsp.semantic.environment import CHANGES
from testlsp.semantic.functions import FileRole, Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.origins import importers_of
from testlsp.syntax import SourceFile
from testlsp.text import Edit

from testlsp_rules.environ._writes import monkeypatch_call

_NAME = "monkeypatch"


def parameter_fixes(ctx: Context, function: Function, path: str, name: str) -> list[Fix]:
    """Return the fix that makes the helper *name* of the file *path* take ``monkeypatch``, where that can be done."""
    if ctx.settings.idiom != _NAME or form_for(ctx, function) is not Form.FIXTURE or ctx.graph is None:
        return []
    if path == ctx.path:
        helper = ctx.model.function_named(name)
        if helper is None or not _writes(_context(ctx, ctx.source, ctx.model, helper), helper):
            return []
    importers = importers_of(ctx.graph.namespaces, path, name)
    if importers is None:
        return []
    helping = _Helper(ctx, name)
    further = (
        Further(path, helping.changed_where_defined),
        *(Further(importer, helping.changed) for importer in importers),
    )
    return [unsafe(f"Hand `{_NAME}` to `{name}`", lambda: Rewrite([], further=further), group=f"{path}:{name}")]


def _context(ctx: Context, file: SourceFile, model: SemanticModel, function: Function) -> Context:
    found = Context(file, model, None, ctx.settings, function.statement)
    found.function = function
    return found


def _writes(ctx: Context, helper: Function) -> list[Edit]:
    """Return the edits of the body of *helper*; none when a change of the environment cannot be written otherwise."""
    edits: list[Edit] = []
    for effect in effects_of(helper, ctx.model):
        if effect.kind in CHANGES:
            call = monkeypatch_call(ctx, effect)
            if call is None or effect.whole is None or _NAME in helper.locals:
                return []
            edits += replace_statement(ctx.statement, effect.whole, call.lines)
    return edits


class _Helper:
    """Edits files for the sake of one helper; the one that defines it comes first."""

    def __init__(self, ctx: Context, name: str) -> None:
        self.ctx = ctx
        self.name = name
        self.index = 0
        """How many arguments come before the new one."""

    def changed_where_defined(self, file: SourceFile) -> list[Edit]:
        """Return the edits of the helper and of its callers, in offsets of the *file* that defines it."""
        model = self._model(file)
        helper = model.function_named(self.name)
        if helper is None or helper.node is None:
            raise CannotRewrite(f"{file.path} has no `{self.name}`")
        ctx = _context(self.ctx, file, model, helper)
        writes = _writes(ctx, helper)
        if not writes:
            raise CannotRewrite(f"`{self.name}` cannot be written with `{_NAME}`")
        arguments = helper.node.args
        self.index = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
        edits = _in_file(file, helper, with_parameter(ctx, writes, _NAME, helper))
        return list(dict.fromkeys([*edits, *self._callers(file, model, self.name)]))

    def changed(self, file: SourceFile) -> list[Edit]:
        """Return the edits of the callers in another *file*, which imports the helper."""
        model = self._model(file)
        names = [name for name in model.names.table if (model.names.target(name) or "").endswith(f".{self.name}")]
        if len(names) != 1:
            raise CannotRewrite(f"{file.path} knows `{self.name}` by several names")
        return list(dict.fromkeys(self._callers(file, model, names[0])))

    def _model(self, file: SourceFile) -> SemanticModel:
        name = file.path.rpartition("/")[2]
        role = FileRole.CONFTEST if name == "conftest.py" else FileRole.TEST_MODULE
        return SemanticModel(file, role, self.ctx.model.collection)

    def _callers(self, file: SourceFile, model: SemanticModel, name: str) -> Iterator[Edit]:
        for outer in model.functions:
            for function in outer.within():
                used = [
                    node for node in function.bag.get(ast.Name, ()) if isinstance(node, ast.Name) and node.id == name
                ]
                if used and not model.is_local(name, function):
                    yield from self._caller(file, model, function, used)

    def _caller(self, file: SourceFile, model: SemanticModel, function: Function, used: list[ast.Name]) -> list[Edit]:
        ctx = _context(self.ctx, file, model, function)
        if form_for(ctx, function) is not Form.FIXTURE:
            raise CannotRewrite(f"`{self.name}` is used where no fixture can be had")
        edits: list[Edit] = []
        for node in used:
            call = function.parents.get(node)
            if not isinstance(call, ast.Call) or call.func is not node or any(map(_is_spread, call.args)):
                raise CannotRewrite(f"`{self.name}` is not only called")
            if len(call.args) < self.index:
                edits += add_argument(ctx.statement, call, f"{_NAME}={_NAME}")
            else:
                edits += add_argument(ctx.statement, call, _NAME, self.index)
        return _in_file(file, function, with_parameter(ctx, edits, _NAME, function))


def _is_spread(node: ast.expr) -> bool:
    return isinstance(node, ast.Starred)


def _in_file(file: SourceFile, function: Function, edits: list[Edit]) -> list[Edit]:
    """Return *edits*, made in offsets of the statement of *function*, in those of *file*."""
    places = zip(file.starts, file.statements, strict=True)
    start = next(start for start, statement in places if statement is function.statement)
    return [edit._replace(range=edit.range.shifted(start)) for edit in edits]
