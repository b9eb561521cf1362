"""The marks of pytest in a file: who bears them, and which names exist without anybody registering them.

A mark is an attribute of ``pytest.mark``, whatever names that travels under. The marks of a module are those of its
``pytestmark``, which the file's summary keeps.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from testlsp.semantic.functions import Function
from testlsp.semantic.model import SemanticModel
from testlsp.semantic.names import dotted
from testlsp.semantic.summary import marks_assigned
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.semantic.graph import FixtureGraph

MARK = "pytest.mark."

PYTEST_MARKS = frozenset(
    "filterwarnings parametrize skip skipif usefixtures xfail tryfirst trylast pytester_example_path".split()
)
"""Marks that pytest itself knows: https://docs.pytest.org/en/stable/reference/reference.html#marks."""

PLUGIN_MARKS = frozenset(
    (
        # asyncio, anyio, trio, tornado, cooperative; django; timeout, xdist, forked, rerunfailures, repeat, retry
        "asyncio anyio trio gen_test asyncio_cooperative django_db urls ignore_template_errors timeout xdist_group "
        "forked flaky repeat "
        # order, dependency, depends, incremental, random-order
        "order run dependency depends incremental random_order "
        # benchmark, codspeed, memray, cov, run-parallel, pyodide
        "benchmark codspeed limit_memory limit_leaks no_cover thread_unsafe parallel_threads iterations "
        # vcr, recording, socket, httpx, respx, responses, freezer, time-machine, remotedata
        "vcr block_network default_cassette enable_socket disable_socket allow_hosts httpx_mock respx responses "
        "freeze_time time_machine remote_data internet_off "
        # hypothesis, playwright, selenium, qt, mpl, celery, flask, alembic, mongodb, datafiles, console-scripts
        "hypothesis only_browser skip_browser browser_context_args nondestructive sensitive_url "
        "qt_no_exception_capture qt_log_level_fail qt_log_ignore no_qt_log qt_default_raising mpl_image_compare celery "
        "options alembic mongodb datafiles script_launch_mode doctestplus openfiles_ignore "
        # checks of style run as tests, and systems that tests report to
        "flake8 mypy mypy_status pylint pep8 black ruff isort jira testrail qase_id allure_label allure_link "
        "allure_display_name allure_description"
    ).split()
)
"""Marks that widely used plugins register; whether a plugin is installed is often not known."""


class Mark(NamedTuple):
    """One use of a mark: its *name* behind ``pytest.mark.``, and the whole expression, called or not."""

    name: str
    node: ast.expr

    @property
    def call(self) -> ast.Call | None:
        """The call, None for a mark without arguments."""
        return self.node if isinstance(self.node, ast.Call) else None

    def option(self, name: str) -> ast.expr | None:
        """Return the value of the keyword argument *name*."""
        if self.call is not None:
            for keyword in self.call.keywords:
                if keyword.arg == name:
                    return keyword.value
        return None

    @property
    def is_open(self) -> bool:
        """Whether arguments are passed that cannot be read here (``*args``, ``**options``)."""
        return self.call is not None and (
            any(keyword.arg is None for keyword in self.call.keywords)
            or any(isinstance(argument, ast.Starred) for argument in self.call.args)
        )


def mark_at(node: ast.expr, model: SemanticModel, function: Function | None = None) -> Mark | None:
    """Return the mark that the expression *node* is, as seen from *function*; None when it is something else."""
    target = node.func if isinstance(node, ast.Call) else node
    name = model.qualified_name(target, function)
    if name is None or not name.startswith(MARK):
        return None
    rest = name[len(MARK) :]
    return None if "." in rest else Mark(rest, node)


def is_property_based(function: Function, model: SemanticModel) -> bool:
    """Whether Hypothesis runs *function* many times.

    https://hypothesis.readthedocs.io/en/latest/reference/api.html#hypothesis.given
    """
    decorators = function.node.decorator_list if function.node else []
    called = (decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in decorators)
    return any((model.qualified_name(target) or "").startswith("hypothesis.") for target in called)


def own_decorators(function: Function) -> list[ast.expr]:
    """Return the decorators of *function* and of the classes around it, and the marks that those classes assign."""
    found: list[ast.expr] = list(function.node.decorator_list) if function.node else []
    info = function.class_info
    while info is not None:
        found += [*info.node.decorator_list, *marks_assigned(info.node.body)]
        info = info.parent
    return found


def mark_names(function: Function, model: SemanticModel, graph: FixtureGraph | None) -> frozenset[str] | None:
    """Return the names of all marks that count for *function*: its own, its classes' and its module's.

    None when a decorator, a mark or a base class is not known, so that there may be more. Decorators of
    ``unittest.mock`` are known to add none.
    """
    found: set[str] = set()
    for node in own_decorators(function):
        mark = mark_at(node, model)
        if mark is None:
            if not _adds_no_mark(node, model):
                return None
            continue
        found.add(mark.name)
    if graph is None:
        return None
    summary = graph.summaries.get(model.source.path)
    for written in summary.markers if summary is not None else ():
        root, _, rest = written.partition(".")
        target = model.names.target(root)
        full = f"{target}.{rest}" if target else ""
        if not full.startswith(MARK):
            return None
        found.add(full[len(MARK) :])
    return None if _inherits(function) else frozenset(found)


def _adds_no_mark(node: ast.expr, model: SemanticModel) -> bool:
    name = model.qualified_name(node.func if isinstance(node, ast.Call) else node) or ""
    return name.startswith(("unittest.mock.", "mock.", "builtins.", "hypothesis.", "freezegun.", "time_machine."))


def _inherits(function: Function) -> bool:
    info = function.class_info
    while info is not None:
        if any(dotted(base) != "object" for base in info.node.bases):
            return True
        info = info.parent
    return False
