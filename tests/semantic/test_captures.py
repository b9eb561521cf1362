"""Which modules took a name over when they were imported, and which look it up when they run."""

from __future__ import annotations

import textwrap

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.captures import taken_over
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.lookups import lookups
from testlsp.semantic.modules import Root
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse

TEST = "/p/tests/test_orders.py"
ORDERS = "from shop.mail import send\ndef place():\n    send()\n"


def model(path: str, code: str) -> SemanticModel:
    """Return the model of *code*, a test module or a module of the application."""
    role = FileRole.TEST_MODULE if path.rpartition("/")[2].startswith("test") else FileRole.OTHER
    return SemanticModel(parse(path, textwrap.dedent(code)), role)


def graph_of(**modules: str) -> FixtureGraph:
    """Return the graph of a shop whose *modules* a test imports, and which patches ``shop.mail.send``."""
    imports = "".join(f"import shop.{name}\n" for name in modules)
    files = {f"/p/shop/{name}.py": code for name, code in modules.items()}
    files.setdefault("/p/shop/mail.py", "def send(): ...\n")
    files[TEST] = f"{imports}def test_it(mocker):\n    mocker.patch('shop.mail.send')\n"
    models = {path: model(path, code) for path, code in files.items()}
    kept = [FileSummary.from_data(summarise(found.source, found).to_data()) for found in models.values()]
    return FixtureGraph(kept, roots=(Root("/p"),))


def test_a_name_imported_by_name_is_taken_over() -> None:
    """The module that looks up its own name is told, with what to patch instead."""
    found = taken_over(graph_of(orders=ORDERS).namespaces, TEST, "shop.mail.send")

    assert [(one.path, one.module, one.bound, one.looked_up) for one in found] == [
        ("/p/shop/orders.py", "shop.orders", "send", True)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import shop.mail\ndef f(): shop.mail.send()",
        "from shop import mail as m\ndef f(): return m.send",
        "from . import mail\nhandlers = {'a': mail.send}",
        "def f():\n    from shop.mail import send",
        "from shop import mail\ndef f(name): return getattr(mail, name)",
        "import shop.later",
    ],
)
def test_whoever_looks_it_up_in_its_module_makes_the_patch_work(code: str) -> None:
    """One module is enough, however it gets at the attribute, and however far away it is."""
    graph = graph_of(orders=ORDERS, other=code, later="import shop.mail\nclass A:\n    def f(self): shop.mail.send()")

    assert not taken_over(graph.namespaces, TEST, "shop.mail.send")


@pytest.mark.parametrize(
    "mail",
    [
        "def send(): ...\ndef send_all(): send()",
        "def send(): ...\nsend_all = lambda: send()",
        "def send(): ...\ndef __getattr__(name): ...",
        "def deliver(): ...",
    ],
)
def test_the_defining_module_may_look_it_up_itself(mail: str) -> None:
    """So may one whose names are not all known."""
    assert not taken_over(graph_of(mail=mail, orders=ORDERS).namespaces, TEST, "shop.mail.send")


def test_modules_are_wanted_as_far_as_the_answer_depends_on_them() -> None:
    """First the patched module, then what the test imports, and only for a likely capture what these import."""
    files = {TEST: "from shop.orders import place\ndef test_it(mocker):\n    mocker.patch('shop.mail.send')\n"}
    order = []
    for path, code in (
        ("/p/shop/mail.py", "def send(): ...\n"),
        ("/p/shop/orders.py", f"import shop.stock\n{ORDERS}"),
        ("/p/shop/stock.py", ""),
    ):
        models = {name: model(name, text) for name, text in files.items()}
        graph = FixtureGraph([summarise(found.source, found) for found in models.values()], roots=(Root("/p"),))
        places = {place for group in graph.sources(TEST) for place in group}
        order.append([name in places for name in ("/p/shop/mail.py", "/p/shop/orders.py", "/p/shop/stock.py")])
        files[path] = code

    assert order == [[True, False, False], [True, True, False], [True, True, True]]


def test_names_of_modules_of_the_application() -> None:
    """What is bound, even by ``global``; what is looked up at run time; nothing of what belongs to the tests."""
    code = """
    from fastapi import Depends
    from shop import mail, stock
    LIMIT = 3
    def f(x=Depends(stock)):
        global state
        state = LIMIT + mail.send(x)
    """
    found = lookups(model("/p/shop/orders.py", code))

    assert set(found.defined) == {"LIMIT", "f", "state"}
    assert set(found.looked_up) == {"LIMIT", "mail", "shop.mail.send", ":stock"}
    assert lookups(model("/p/tests/orders.py", code)) == ((), (), ())


def test_names_of_modules_that_pytest_takes_for_tests() -> None:
    """With ``python_files = *`` every file is a test module; then nothing is known of the names of any."""
    code = "def place():\n    pass\n"
    for role in (FileRole.TEST_MODULE, FileRole.CONFTEST):
        known = SemanticModel(parse("/p/shop/orders.py", code), role)
        assert lookups(known).defined == lookups(known, patches=True).defined == ("*",)
