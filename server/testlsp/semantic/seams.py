"""What an integration test brings together, as far as its text says: fixtures, routes, callables, assertions.

A seam is where two parts of a program meet. What crosses it can be read from a test; what it is worth to
anybody cannot, and nothing here tries to.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from testlsp.semantic.first_party import FOREIGN
from testlsp.semantic.fixtures import Fixture
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import ModuleNames, dotted
from testlsp.semantic.sites import Site
from testlsp.semantic.summary import marks_assigned
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.semantic.graph import FixtureGraph
    from testlsp.semantic.model import SemanticModel
    from testlsp.syntax import SourceFile

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
_PLAIN_FIXTURES = frozenset(
    "request tmp_path tmp_path_factory tmpdir tmpdir_factory monkeypatch capsys capfd capsysbinary capfdbinary caplog "
    "recwarn pytestconfig record_property subtests mocker freezer event_loop self cls anyio_backend".split()
)


class SeamFacts(NamedTuple):
    """The facts about one test.

    *words* is its name as a sentence. *real*, *faked* and *mocked* are the fixtures it is given. *routes* are the HTTP
    requests it makes (``"POST /orders"``), *calls* what it calls of the project or of its fixtures, *acts* both of them
    in the order in which they happen. *criteria* are its assertions.
    """

    words: str
    real: tuple[str, ...] = ()
    faked: tuple[str, ...] = ()
    mocked: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()


def markers(function: Function, model: SemanticModel) -> frozenset[str]:
    """Return the names of the marks on a test, on the classes around it and on its module."""
    found = _marks(function.node.decorator_list if function.node else (), model)
    info = function.class_info
    while info is not None:
        found |= _class_marks(info.node, function, model)
        info = info.parent
    return frozenset(found | _module_marks(model))


def has_mark(function: Function, model: SemanticModel, names: Iterable[str]) -> bool:
    """Whether one of the marks *names* is on a test, on a class around it or on its module."""
    # Most files hold no mark at all, and most statements of the others neither.
    if "pytestmark" not in model.names.table and not _may_be_marked(function):
        return False
    return not markers(function, model).isdisjoint(names)


def _may_be_marked(function: Function) -> bool:
    """Whether the statement speaks of marks, or could use one that is kept in a variable."""
    kept = function.statement.memo.get("marked")
    if kept is None:
        text = function.statement.text
        kept = function.statement.memo["marked"] = "@" in text or "pytestmark" in text
    return bool(kept)


def _class_marks(node: ast.ClassDef, function: Function, model: SemanticModel) -> set[str]:
    """Return the marks on a class, kept with its statement: every method asks for them."""
    kept: dict[ast.ClassDef, tuple[ModuleNames, set[str]]] = function.statement.memo.setdefault("class_marks", {})
    known = kept.get(node)
    if known is None or known[0] is not model.names:
        known = kept[node] = (model.names, _marks([*node.decorator_list, *marks_assigned(node.body)], model))
    return known[1]


_latest: tuple[SourceFile, set[str]] | None = None


def _module_marks(model: SemanticModel) -> set[str]:
    """Return the marks in ``pytestmark``; those of the last file are kept, as its tests come one after another."""
    global _latest
    if "pytestmark" not in model.names.table:
        return set()
    latest = _latest
    if latest is None or latest[0] is not model.source:
        nodes = [mark for statement in model.source.statements for mark in marks_assigned(statement.body)]
        latest = _latest = (model.source, _marks(nodes, model))
    return latest[1]


def _marks(nodes: Iterable[ast.expr], model: SemanticModel) -> set[str]:
    found = set()
    for node in nodes:
        name = model.qualified_name(node.func if isinstance(node, ast.Call) else node)
        if name is not None and name.startswith("pytest.mark."):
            found.add(name.removeprefix("pytest.mark."))
    return found


def seam_facts(function: Function, model: SemanticModel, graph: FixtureGraph | None) -> SeamFacts:
    """Return the facts about a test."""
    given = _fixtures(function, model)
    kinds: dict[str, list[str]] = {"real": [], "faked": [], "mocked": []}
    for name in given:
        kinds[_kind(name, function, model, graph)].append(name)
    objects = _objects(function, model)
    acts: dict[str, str] = {}
    for node in function.bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        route = route_of(node)
        if route is not None:
            acts.setdefault(route, "route")
        elif (call := _called(node, function, model, given, objects)) is not None:
            acts.setdefault(call, "call")
    return SeamFacts(
        sentence(function.name),
        tuple(kinds["real"]),
        tuple(kinds["faked"]),
        tuple(kinds["mocked"]),
        tuple(name for name, kind in acts.items() if kind == "route"),
        tuple(name for name, kind in acts.items() if kind == "call"),
        tuple(acts),
        tuple(dict.fromkeys(_criteria(function, model))),
    )


def sentence(name: str) -> str:
    """Return the words of a test's name: ``test_order_is_stored`` is "Order is stored"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("__", "_").split("_")
    if words and words[0].lower() in {"test", "tests"}:
        words = words[1:]
    text = " ".join(word for word in words if word)
    return text[:1].upper() + text[1:]


def _fixtures(function: Function, model: SemanticModel) -> list[str]:
    """Return the parameters that name fixtures of the project, without those that only pytest itself has a use for."""
    assert function.node is not None
    values: set[str] = set()
    for decorator in function.node.decorator_list:
        if isinstance(decorator, ast.Call) and model.qualified_name(decorator.func) == "pytest.mark.parametrize":
            names = decorator.args[0] if decorator.args else None
            if isinstance(names, ast.Constant) and isinstance(names.value, str):
                values.update(part.strip() for part in names.value.split(","))
            elif isinstance(names, ast.List | ast.Tuple):
                values.update(
                    item.value for item in names.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
                )
    return [name for name in function.params if name not in _PLAIN_FIXTURES and name not in values]


def _kind(name: str, function: Function, model: SemanticModel, graph: FixtureGraph | None) -> str:
    """Return "mocked", "faked" or "real", by the name of a fixture and by what it is made of."""
    lowered = name.lower()
    if any(word in lowered for word in ("mock", "stub", "spy")):
        return "mocked"
    if any(word in lowered for word in ("fake", "dummy", "in_memory", "inmemory")):
        return "faked"
    found: Fixture | None = None
    if graph is not None:
        closure = graph.closure(Site(model.source.path, function.chain, function.name))
        definitions = closure.definitions.get(name, ())
        found = definitions[-1] if definitions else None
    if found is not None and "mocker" in found.requests:
        return "mocked"
    local = model.function_named(name) if found is None or found.path == model.source.path else None
    if local is not None and local.kind is FunctionKind.FIXTURE:
        for node in local.bag.get(ast.Call, ()):
            made = model.qualified_name(node.func, local) if isinstance(node, ast.Call) else None
            if made is not None and made.startswith(("unittest.mock.", "mock.")):
                return "mocked"
            if made is not None and "fake" in made.lower():
                return "faked"
    return "real"


def route_of(call: ast.Call) -> str | None:
    """Return ``POST /orders`` for ``client.post("/orders")`` and ``client.request("POST", "/orders")``."""
    func = call.func
    if not isinstance(func, ast.Attribute) or not call.args:
        return None
    verb, address = func.attr, call.args[0]
    if verb == "request" and len(call.args) > 1 and isinstance(call.args[0], ast.Constant):
        verb, address = str(call.args[0].value), call.args[1]
    if verb.lower() not in _VERBS:
        return None
    text = _address(address)
    return f"{verb.upper()} {text}" if text and text.startswith(("/", "http://", "https://")) else None


def _address(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.partition("?")[0]
    if isinstance(node, ast.JoinedStr):
        parts = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                parts.append("{" + _last_word(part.value) + "}")
        return "".join(parts).partition("?")[0]
    return None


def _last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return "..."


def _objects(function: Function, model: SemanticModel) -> dict[str, str]:
    """Return the locals that hold an object made here (``service = OrderService()``), with the name to show."""
    pairs: list[tuple[ast.expr | None, ast.expr | None]] = []
    for node in function.bag.get(ast.Assign, ()):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            pairs.append((node.targets[0], node.value))
    for kind in (ast.With, ast.AsyncWith):
        for node in function.bag.get(kind, ()):
            pairs += [(item.optional_vars, item.context_expr) for item in getattr(node, "items", ())]
    found: dict[str, str] = {}
    for target, value in pairs:
        if not isinstance(target, ast.Name) or not isinstance(value, ast.Call):
            continue
        written = dotted(value.func)
        if written is None or written.partition(".")[0] in function.locals:
            continue
        name = model.qualified_name(value.func, function) or written
        top = name.lstrip(".").partition(".")[0]
        last = name.rpartition(".")[2]
        if top in sys.stdlib_module_names or not (last[:1].isupper() or last in _MAKERS):
            continue
        found[target.id] = last if last[:1].isupper() and top not in FOREIGN else target.id
    return found


_MAKERS = frozenset({"client", "resource", "connect", "create_app", "create_client"})


def _called(
    call: ast.Call, function: Function, model: SemanticModel, fixtures: list[str], objects: dict[str, str]
) -> str | None:
    """Return the name of what is called: of the project, of what a fixture hands out, or of an object made here."""
    written = dotted(call.func)
    if written is None:
        return None
    root, _, rest = written.partition(".")
    if root in objects:
        return f"{objects[root]}.{rest}" if rest else None
    if root in fixtures:
        last = written.rpartition(".")[2]
        return written if "." in written and not last.startswith(("assert_", "reset_mock")) else None
    name = model.qualified_name(call.func, function)
    if name is None:
        return None
    top = name.lstrip(".").partition(".")[0]
    if name.startswith("builtins.") or top in sys.stdlib_module_names or top in FOREIGN:
        return None
    if top in {"tests", "test", "conftest"} or name.startswith(".") or "." not in name:
        return None
    *_, owner, last = name.split(".")
    return last if last[:1].isupper() else f"{owner}.{last}"


def _criteria(function: Function, model: SemanticModel) -> list[str]:
    """Return the assertions of a test in the order in which they stand, each as one line."""
    found: list[tuple[int, str]] = []
    for node in function.bag.get(ast.Assert, ()):
        assert isinstance(node, ast.Assert)
        found.append((node.lineno, _written(node.test, function)))
    for node in function.bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        name = model.qualified_name(node.func, function)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == "pytest.raises" and node.args:
            found.append((node.lineno, f"raises {_written(node.args[0], function)}"))
        elif last.startswith("assert_") and isinstance(node.func, ast.Attribute):
            found.append((node.lineno, _written(node, function)))
    return [text for _, text in sorted(found, key=lambda item: item[0])]


def _written(node: ast.expr, function: Function) -> str:
    """Return *node* on one line.

    From Python 3.12 on, `ast.unparse` may nest the same quotes in an f-string, so an f-string stays as it is written:
    the text must not depend on the Python that testlsp runs on.
    """
    text = ast.unparse(node)
    if "f'" in text or 'f"' in text:
        source = function.statement.source(node)
        text = text if "\n" in source or '"""' in source else source
    line = " ".join(text.split())
    return line if len(line) <= 88 else line[:85].rstrip() + "..."
