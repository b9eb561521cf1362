"""`testlsp rule` and `testlsp config`."""

from __future__ import annotations

import json
import sys

import pytest
from cli.conftest import Run
from testlsp.builtin import all_rules
from testlsp.config.settings import setting_names


@pytest.mark.parametrize("word", ["TL101", "tl101", "environ-setitem", "environ_setitem"])
def test_rule_by_code_or_name(run: Run, word: str) -> None:
    """A rule is explained by its code or name: what, why, an example, the remedy and the safety of the fix."""
    ran = run("rule", word)

    assert ran.status == 0
    assert ran.out.startswith("# environ-setitem (TL101)\n")
    for wanted in ("## Why it matters", 'os.environ["TOKEN"] = "abc"', "monkeypatch.setenv", "## Safety of the fix"):
        assert wanted in ran.out


def test_no_word_to_editors_of_pages(run: Run) -> None:
    """Who asks for a rule is not told how its page is generated, except in Markdown, which may become a page."""
    assert "<!--" not in run("rule", "chdir").out
    assert "<!-- Generated" in run("rule", "chdir", "--output-format", "markdown").out


def test_unknown_rule(run: Run) -> None:
    """A rule that does not exist is an error with a suggestion."""
    ran = run("rule", "chdr")

    assert (ran.status, ran.err) == (2, "error: unknown rule `chdr`; did you mean `chdir`?\n")


def test_all_rules(run: Run) -> None:
    """Without a name all rules are listed, with --all explained, and both can be had as data."""
    codes = [rule.code for rule in all_rules()]

    assert [line.split()[0] for line in run("rule").out.splitlines()] == codes
    assert run("rule", "--all").out.count("\n## What it finds\n") == len(codes)
    assert [each["code"] for each in json.loads(run("rule", "--all", "--output-format", "json").out)] == codes
    assert run("rule", "--output-format", "markdown").out.count("\n| TL") == len(codes)


def test_rule_as_data(run: Run) -> None:
    """One rule as JSON is one object, with its examples."""
    data = json.loads(run("rule", "TL101", "--output-format", "json").out)

    assert data["name"] == "environ-setitem"
    assert data["examples"][0]["kind"] == "bad"
    assert "monkeypatch.setenv" in data["examples"][0]["fixed"]


def test_rule_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person at a terminal sees the page rendered, not its markup."""
    monkeypatch.setattr("testlsp.cli.explain.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "100")

    ran = run("rule", "TL101")

    assert "environ-setitem (TL101)" in ran.out
    assert "```" not in ran.out
    assert "<!--" not in ran.out


def test_settings(run: Run) -> None:
    """Every setting is listed with its type, default and meaning."""
    ran = run("config")
    data = json.loads(run("config", "--output-format", "json").out)

    assert {each["key"].replace("-", "_") for each in data} == setting_names()
    assert all(each["key"] + f" ({each['type']})\n" in ran.out for each in data)


def test_one_setting(run: Run) -> None:
    """One setting is shown alone; one that does not exist is an error with a suggestion."""
    assert run("config", "cache-dir").out.splitlines()[-1] == '    default: ".testlsp_cache"'
    assert run("config", "cache-dri").err == "error: unknown setting `cache-dri`; did you mean `cache-dir`?\n"


def test_server_is_started_lazily(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`testlsp server` hands its arguments to the server."""
    import types

    given: list[list[str]] = []
    server = types.ModuleType("testlsp.lsp")
    server.main = given.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "testlsp.lsp", server)

    assert run("server", "--stdio").status == 0
    assert run("server", "--tcp", "127.0.0.1:0").status == 0
    assert given == [["--stdio"], ["--tcp", "127.0.0.1:0"]]
    assert run("server", "--nonsense").status == 2
