"""What becomes of a helper that changes the environment, and of all who call it, when it is handed ``monkeypatch``."""

from __future__ import annotations

import pytest
from rule_harness import ROOT, all_fixed_by, everything, lint_files
from testlsp.config.settings import Settings
from testlsp.rewrite import CannotRewrite

RULE = tuple(rule for rule in everything() if rule.name == "environ-via-helper")
SUPPORT = """\
import os


def set_env(name, password=""):
    # Who logs in.
    os.environ["USER"] = name
    os.environ.pop("TOKEN", None)
"""
MAIN = """\
from tests.support import set_env


def test_login(client):
    set_env("ada")
    assert client.login()
"""
OTHER = """\
from tests.support import set_env as login_as


class TestLogin:
    def test_password(self, client, *, url="/"):
        login_as(name="bob", password="🔑")
        login_as("bob", "🔑")
        assert client.login()
"""


def fixed(**others: str) -> dict[str, str]:
    """Return all files after the fix of the only finding in the main one."""
    files = {"tests/support.py": SUPPORT, "tests/test_main.py": MAIN}
    files.update({f"tests/{name}.py": text for name, text in others.items()})
    linted = lint_files(files, "tests/test_main.py", RULE, Settings(root=ROOT))
    [found] = linted.findings.diagnostics
    [fix] = found.fixes
    return {path.removeprefix(f"{ROOT}/tests/"): text for path, text in all_fixed_by(linted, found, fix, files).items()}


def test_the_helper_and_all_callers_change_together() -> None:
    """Each call hands ``monkeypatch`` over where the helper expects it, whatever it calls the helper."""
    after = fixed(test_other=OTHER)

    assert after["support.py"] == SUPPORT.replace("name, password", "name, monkeypatch, password").replace(
        'os.environ["USER"] = name', 'monkeypatch.setenv("USER", name)'
    ).replace('os.environ.pop("TOKEN", None)', 'monkeypatch.delenv("TOKEN", raising=False)')
    assert after["test_main.py"] == MAIN.replace("client)", "client, monkeypatch)").replace(
        '"ada")', '"ada", monkeypatch)'
    )
    assert after["test_other.py"] == OTHER.replace("client, *", "client, monkeypatch, *").replace(
        'password="🔑")', 'password="🔑", monkeypatch=monkeypatch)'
    ).replace('"bob", "🔑"', '"bob", monkeypatch, "🔑"')


@pytest.mark.parametrize(
    "code",
    [
        "from tests.support import set_env\n\n@pytest.fixture(scope='session')\ndef env():\n    set_env('ada')\n",
        "from tests.support import set_env\n\ndef prepare():\n    set_env('ada')\n",
        "from tests.support import set_env\n\ndef test_it(run):\n    run(set_env)\n",
        "from tests.support import set_env\n\ndef test_it(names):\n    set_env(*names)\n",
    ],
)
def test_no_file_is_edited_when_one_caller_cannot_be(code: str) -> None:
    """A caller that gets no fixture, and a use that is no plain call, would be broken."""
    with pytest.raises(CannotRewrite):
        fixed(test_other=f"import pytest\n{code}")


def test_nothing_is_offered_where_the_module_is_imported_as_a_whole() -> None:
    """Whether it calls the helper cannot be told."""
    with pytest.raises(ValueError, match="not enough values"):
        fixed(test_other="from tests import support\n\ndef test_it():\n    support.set_env('ada')\n")
