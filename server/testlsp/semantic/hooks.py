"""What conftests and plugins do to a run besides defining fixtures: the hooks they have, the marks they register.

pytest loads the plugins that are installed or named by ``pytest_plugins``, and the conftests down to a file:
https://docs.pytest.org/en/stable/how-to/writing_plugins.html#plugin-discovery-order-at-tool-startup
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import TYPE_CHECKING

from testlsp.semantic.modules import candidates, join
from testlsp.syntax import NodeBag, SourceFile, collect
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.semantic.graph import FixtureGraph
    from testlsp.semantic.names import ModuleNames
    from testlsp.semantic.summary import FileSummary

ANY = "*"
"""Among registered marks: one whose name cannot be read."""


ASYNC_MARKS = ("asyncio", "anyio", "trio")
"""Marks with which the plugins pytest-asyncio, anyio and pytest-trio run a coroutine."""


def hook_names(names: ModuleNames) -> tuple[str, ...]:
    """Return the hooks that a module defines or imports, sorted."""
    return tuple(sorted(name for name in names.bindings if name.startswith("pytest_") and name != "pytest_plugins"))


def registered_marks(source: SourceFile) -> tuple[str, ...]:
    """Return the marks that ``config.addinivalue_line("markers", "name: what it means")`` registers in *source*.

    `ANY` is among them when ``pytest_configure`` hands its ``config`` on, or comes from another module.
    """
    if "addinivalue_line" not in source.text and "pytest_configure" not in source.text:
        return ()
    found: set[str] = set()
    for statement in source.statements:
        if "addinivalue_line" not in statement.text and "pytest_configure" not in statement.text:
            continue
        bag: NodeBag = {}
        pending: list[ast.AST] = []
        collect(list(statement.body), bag, pending)
        while pending:
            collect(list(getattr(pending.pop(), "body")), bag, pending)  # noqa: B009 - functions and classes have one
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in statement.body):
            found.add(ANY)
        for call in bag.get(ast.Call, ()):
            assert isinstance(call, ast.Call)
            if isinstance(call.func, ast.Attribute) and call.func.attr == "addinivalue_line":
                found.update(_registered(call))
            elif "def pytest_configure" in statement.text and _hands_on(call):
                found.add(ANY)
    return tuple(sorted(found))


def _hands_on(call: ast.Call) -> bool:
    """Whether *call* gives ``config`` to a function that may register marks with it."""
    if isinstance(call.func, ast.Name) and call.func.id in {"hasattr", "getattr", "setattr", "isinstance", "print"}:
        return False
    return any(isinstance(argument, ast.Name) and argument.id == "config" for argument in call.args)


def _registered(call: ast.Call) -> tuple[str, ...]:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if len(given) != 2:
        return (ANY,)
    key, line = given
    if isinstance(key, ast.Constant) and key.value != "markers":
        return ()
    if isinstance(line, ast.JoinedStr) and line.values:
        line = line.values[0]
        if isinstance(line, ast.Constant) and ":" not in str(line.value) and "(" not in str(line.value):
            return (ANY,)
    if not isinstance(key, ast.Constant) or not isinstance(line, ast.Constant) or not isinstance(line.value, str):
        return (ANY,)
    return (line.value.partition(":")[0].partition("(")[0].strip(),)


_OF_PYTEST = frozenset({"pytester"})
"""Plugins of pytest itself that are not on unless they are named."""


_TABLED = frozenset(
    (
        "_hypothesis_pytestplugin hypothesis anyio faker inline_snapshot langsmith logfire platformdirs respx syrupy "
        "time_machine typeguard vcr xdist ddtrace "
        + " ".join(
            f"pytest_{name}"
            for name in (
                "aiohttp asyncio base_url benchmark check clarity click codspeed console_scripts cov datadir "
                "dependency django docker env examples factoryboy flask freezer html httpserver httpx icdiff jupyter "
                "localserver lsp memray metadata mock order picked playwright pretty profiling randomly recording "
                "regressions repeat rerunfailures retry socket split subtests sugar testmon timeout tornasync trio "
                "xprocess"
            ).split()
        )
    ).split()
)
"""Plugins whose marks are in `testlsp.semantic.marks.PLUGIN_MARKS`, however they register them."""


class Loaded(NamedTuple):
    """The *conftests* and *plugins* that pytest loads for a file, and the *unread* modules of plugins without source.

    Plugins that the project requires and that are not installed where we look are among the unread ones.

    *installed* says whether it is known which plugins are installed at all.
    """

    conftests: tuple[FileSummary, ...]
    plugins: tuple[FileSummary, ...]
    unread: tuple[str, ...]
    installed: bool


def loaded(graph: FixtureGraph, path: str) -> Loaded:
    """Return what pytest loads before it runs the tests of the file *path*."""
    root = graph.root_of(path)
    conftests = [graph.summaries[conftest] for conftest in graph.conftest_chain(path)]
    origin = join(root.path if root else "", "pytest.ini")
    pending = [(origin, name) for name in (root.plugins if root else ())]
    own = graph.summaries.get(path)
    for summary in (*conftests, *((own,) if own else ())):
        pending += [(summary.path, name) for name in summary.plugins]
    plugins: dict[str, FileSummary] = {}
    unread = list(root.missing) if root else []
    while pending:
        source, name = pending.pop(0)
        place = next((one for one in candidates(source, name, root, True) if one in graph.summaries), None)
        if place is None:
            unread.append(name)
        elif place not in plugins:
            plugins[place] = graph.summaries[place]
            pending += [(place, further) for further in plugins[place].plugins]
    return Loaded(tuple(conftests), tuple(plugins.values()), tuple(unread), bool(root and root.plugins))


def unknown_plugins(known: Loaded, tabled: Collection[str] = _OF_PYTEST | _TABLED) -> frozenset[str]:
    """Return the plugins that cannot be read and of which nothing is known otherwise: they are not *tabled*.

    Those are modules; a distribution that is not installed, ``pytest_xdist``, may be of one without the prefix.
    """
    heads = {name.partition(".")[0] for name in known.unread}
    return frozenset(head for head in heads if head not in tabled and head.removeprefix("pytest_") not in tabled)


def marks_registered(known: Loaded) -> frozenset[str] | None:
    """Return the marks that conftests and plugins register; None when one of them cannot be read."""
    if unknown_plugins(known):
        return None
    found = {name for summary in known.conftests for name in summary.registered}
    for plugin in known.plugins:
        tabled = not _TABLED.isdisjoint(plugin.path.removesuffix(".py").split("/"))
        found.update(name for name in plugin.registered if not (tabled and name == ANY))
    if any(summary.star_imports for summary in known.conftests):
        return None
    return None if ANY in found else frozenset(found)
