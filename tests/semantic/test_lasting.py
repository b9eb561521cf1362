"""What calling a helper leaves changed in the process."""

from __future__ import annotations

from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.lasting import lasting_effects
from testlsp.syntax import parse

TEXT = """
import os, sys

def enter(folder):
    os.chdir(folder)

def outer(folder):
    enter(folder)
    sys.path.insert(0, folder)

def outermost(folder):
    outer(folder)

def back(folder):
    before = os.getcwd()
    try:
        os.chdir(folder)
    finally:
        os.chdir(before)

def used(folder):
    if folder:
        enter(folder)

@contextmanager
def inside(folder):
    os.chdir(folder)

def forever():
    forever()
    os.chdir("a")
"""


def resources(name: str) -> list[str]:
    model = SemanticModel(parse("/p/conftest.py", TEXT), FileRole.CONFTEST)
    helper = model.function_named(name)
    assert helper is not None
    return [effect.kind.resource for effect in lasting_effects(helper, model)]


def test_helpers_are_followed_two_calls_deep() -> None:
    """A third call is not looked into, and one that calls itself ends."""
    assert resources("enter") == ["cwd"]
    assert resources("outer") == ["sys.path", "cwd"]
    assert resources("outermost") == ["sys.path"]
    assert resources("forever") == ["cwd"]


def test_what_may_put_back_is_left_out() -> None:
    """A helper that restores, one that is decorated, and a call on a condition leave nothing for sure."""
    assert resources("back") == resources("inside") == resources("used") == []
