"""Functions that do the same have equal digests."""

from __future__ import annotations

from textwrap import indent

import pytest
from function_models import model_of
from testlsp.semantic.copies import body_digest

BODY = "client = Client(app)\nclient.login()\nreturn client"


def digest(body: str, prelude: str = "from shop import Client, app", path: str = "tests/test_x.py") -> str:
    """Return the digest of a function with that body."""
    model = model_of(f"{prelude}\ndef client():\n{indent(body, '    ')}\n", path)
    function = model.function_named("client")
    assert function is not None
    return body_digest(function, model)


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        '"""Say what it is."""\n' + BODY,
        BODY.replace("client.login()", "# a comment\n\nclient.login()"),
    ],
)
def test_comments_and_docstrings_do_not_count(body: str) -> None:
    """Nor does the place, when all names are imported."""
    assert digest(body) == digest(BODY, path="tests/conftest.py") != ""


@pytest.mark.parametrize(
    ("body", "prelude"),
    [
        (BODY.replace("login", "logout"), "from shop import Client, app"),
        (BODY, "from till import Client, app"),
        (BODY, "from shop import Client\napp = Client()"),
    ],
)
def test_other_code_or_other_meanings_differ(body: str, prelude: str) -> None:
    """A name that is imported from elsewhere, or made here, means something else."""
    assert digest(body, prelude) != digest(BODY)


def test_names_of_a_module_are_its_own() -> None:
    """What a module defines is another thing in every file."""
    prelude = "def Client(app): ...\napp = 1"
    assert digest(BODY, prelude) != digest(BODY, prelude, "tests/conftest.py")


def test_trivial_bodies_have_no_digest() -> None:
    """They are alike by chance."""
    assert digest("return Client(app)") == digest('"""A client."""\nreturn Client(app)') == ""
