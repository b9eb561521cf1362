"""Comments that silence findings: what they speak of, how they are judged, and how they are written."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from rule_harness import ROOT, everything, lint_files, ruleset, settings_of
from testlsp.lint import Context, Rule, on
from testlsp.lint.run import FileFindings, lint_file
from testlsp.lint.silencing import silence_here, silence_in_file
from testlsp.lint.suppressions import suppressions
from testlsp.semantic import SemanticModel
from testlsp.syntax import SourceFile, parse
from testlsp.text import apply_edits


class Probe(Rule):
    """Finds any assignment to an item, so that these tests do not follow what a real rule thinks of it."""

    code = "TL101"
    since = "0.1"
    message = "an item is set"
    examples = ()

    @on(ast.Assign)
    def check(self, ctx: Context, node: ast.Assign) -> None:
        """Report it."""
        if isinstance(node.targets[0], ast.Subscript):
            ctx.report(node)


Probe.name, Probe.family = "environ-setitem", "environ"
RULES: tuple[type[Rule], ...] = (Probe, *(rule for rule in everything() if rule.code == "TL901"))
SET = 'os.environ["A"] = "1"'
OTHER = 'os.environ["B"] = "1"'


def lint(code: str, rules: tuple[type[Rule], ...] = RULES) -> tuple[SourceFile, FileFindings]:
    """Lint a test file that imports ``os``."""
    return lint_files({"tests/test_a.py": "import os\n" + dedent(code)}, "tests/test_a.py", rules, settings_of({}))


def lines_left(code: str, rule: str = "TL101") -> list[int]:
    """Return the lines of *code*, from 1, on which findings of *rule* are left."""
    source, findings = lint(code)
    return [source.text.count("\n", 0, found.range.start) for found in findings.diagnostics if found.code == rule]


@pytest.mark.parametrize(
    "comment",
    [
        "# testlsp: ignore[TL101]",
        "# testlsp: ignore[tl101]",
        "# testlsp: ignore[environ-setitem] -- for the client",
        "# testlsp: ignore[environ_setitem]",
        "# testlsp: ignore[TL404, TL101]",
        "# testlsp: ignore[environ]",
        "# testlsp: ignore[TL1]",
        "# testlsp: ignore",
        "# testlsp:ignore[ALL]",
        "#testlsp: ignore -- everything here",
        "# type: ignore # testlsp: ignore[TL101]",
        "# testlsp: ignore[TL101] -- because # noqa: E501",
        "# noqa",
        "# NOQA",
        "# noqa: TL101",
        "# noqa:E501,TL101",
        "# noqa: E501 TL101",
    ],
)
def test_a_comment_on_the_line_silences_it(comment: str) -> None:
    """Every spelling that the documentation names silences the finding on its line, and only there."""
    assert lines_left(f"def test_a():\n    {SET}  {comment}\n    {SET}\n") == [3]


@pytest.mark.parametrize(
    "comment",
    [
        "# testlsp: ignore[TL102]",
        "# testlsp: ignore[assertions]",
        "# testlsp: ignore[]",
        "# testlsp: ignore TL101",
        "# testlsp: ignored",
        "# noqa: E501",
        "# noqa: because it must",
        "# noqa: TL1",
        "# ruff: noqa",
        "# noqadays",
    ],
)
def test_other_comments_silence_nothing(comment: str) -> None:
    """A comment that names another rule, or cannot be understood, silences nothing."""
    assert lines_left(f"def test_a():\n    {SET}  {comment}\n") == [2]


def test_a_finding_is_silenced_on_its_first_and_on_its_last_line() -> None:
    """A finding that spans lines is silenced from either end, not from the middle."""
    code = """
    def test_a():
        os.environ[  # testlsp: ignore[TL101]
            "A"
        ] = "1"
        os.environ[
            "B"  # testlsp: ignore[TL101]
        ] = "1"
        os.environ[
            "C"
        ] = "1"  # testlsp: ignore[TL101]
    """
    assert lines_left(code) == [6]


def test_a_comment_at_the_head_of_a_definition_silences_all_of_it() -> None:
    """Decorator, ``def``, the line of the closing bracket and ``class`` speak of the whole definition."""
    code = f"""
    import pytest
    @pytest.mark.slow  # testlsp: ignore
    def test_a():
        {SET}

    def test_b():  # testlsp: ignore
        {SET}

    def test_c(
        client,
    ):  # testlsp: ignore
        {SET}

    class TestD:  # testlsp: ignore
        def test_d(self):
            {SET}

        def test_e(self):
            {SET}

    def test_f():
        {SET}
    """
    assert lines_left(code) == [23]


def test_a_comment_of_its_own_line_silences_the_statement_below() -> None:
    """It reaches over other comments but not over a blank line, and not out of its block."""
    code = f"""
    def test_a():
        # testlsp: ignore[TL101]
        # so that the client finds it
        {SET}
        # testlsp: ignore[TL101]

        {SET}
        # testlsp: ignore[TL101]
        for _ in range(2):
            {SET}
            # testlsp: ignore[TL101]
        {OTHER}

    # testlsp: ignore[TL101]
    @decorated
    def test_b():
        {SET}
    """
    assert lines_left(code) == [8, 13]


def test_a_block_ends_at_enable_or_with_its_block() -> None:
    """``disable`` reaches to the ``enable`` of its name, to the end of an indented block, or to the end of the file."""
    code = f"""
    def test_a():
        # testlsp: disable[TL101]
        {SET}
        # testlsp: enable[TL101]
        {SET}

    def test_b():
        if True:
            # testlsp: disable
            {SET}
        {OTHER}

    # testlsp: disable[environ, TL404]
    def test_c():
        {SET}

    # testlsp: enable[TL404]
    def test_d():
        {SET}
    # testlsp: enable
    def test_e():
        {SET}
    """
    assert lines_left(code) == [6, 12, 23]


@pytest.mark.parametrize("names", ["", "[TL101]", "[environ]"])
def test_a_file_is_silenced_from_anywhere_in_it(names: str) -> None:
    """``ignore-file`` counts wherever it stands, with a list and without."""
    assert lines_left(f"def test_a():\n    {SET}\n\n    # testlsp: ignore-file{names}\n") == []


def test_text_in_strings_is_no_comment() -> None:
    """A string that holds such text silences nothing."""
    code = '''
    def test_a():
        os.environ["A"] = "# testlsp: ignore"
        os.environ["A"] = """
        # testlsp: ignore-file
        # noqa"""
    '''
    assert lines_left(code) == [3, 4]


def test_silenced_findings_are_kept_with_their_comment() -> None:
    """What was silenced is there to be shown, with the comment that speaks of the smallest place and its reason."""
    _, findings = lint(f"# testlsp: ignore-file[TL101]\ndef test_a():\n    {SET}  # testlsp: ignore[TL101] -- wanted\n")
    [(diagnostic, comment)] = findings.suppressed
    assert (diagnostic.code, comment.reason, comment.kind) == ("TL101", "wanted", "ignore")
    assert findings.diagnostics == ()


def test_only_rules_that_ran_are_judged() -> None:
    """A name whose rule is off may be needed when it is on; a comment for everything is judged when everything ran."""
    alone = tuple(rule for rule in RULES if rule.code == "TL901")
    _, findings = lint("def test_a():\n    pass  # testlsp: ignore[TL101]\n    pass  # testlsp: ignore\n", alone)
    assert findings.diagnostics == ()


def test_without_the_graph_nothing_is_judged() -> None:
    """While other files are not known, a rule may be silent for want of knowledge."""
    source = parse(f"{ROOT}/tests/test_a.py", "def test_a():\n    pass  # testlsp: ignore[TL101]\n")
    settings = settings_of({})
    assert lint_file(source, SemanticModel(source), None, settings, ruleset(RULES)).diagnostics == ()


def test_comments_have_a_place_of_their_own_for_the_editor() -> None:
    """The list for the editor gives the text of each comment and what it speaks of."""
    source = parse(
        "a.py", 'x = "é"  # testlsp: ignore[TL101] -- é  # noqa\ny = 1\n\n\ndef f():  # testlsp: ignore\n    pass\n'
    )
    assert [(source.text[slice(*found.range)], source.text[slice(*found.scope)]) for found in suppressions(source)] == [
        ("# testlsp: ignore[TL101] -- é", 'x = "é"  # testlsp: ignore[TL101] -- é  # noqa\n'),
        ("# noqa", 'x = "é"  # testlsp: ignore[TL101] -- é  # noqa\n'),
        ("# testlsp: ignore", "def f():  # testlsp: ignore\n    pass\n"),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"    {SET}\n", f"    {SET}  # testlsp: ignore[environ-setitem] -- wanted\n"),
        (f"    {SET}  # hm\n", f"    {SET}  # hm  # testlsp: ignore[environ-setitem] -- wanted\n"),
        (
            f"    {SET}  # testlsp: ignore[TL404] -- old\n",
            f"    {SET}  # testlsp: ignore[TL404, environ-setitem] -- old\n",
        ),
        (
            '    os.environ["A"] = """\n    b\n    """\n',
            '    os.environ["A"] = """\n    b\n    """  # testlsp: ignore[environ-setitem] -- wanted\n',
        ),
        (
            '    os.environ["A"] = \\\n        "1"\n',
            '    os.environ["A"] = \\\n        "1"  # testlsp: ignore[environ-setitem] -- wanted\n',
        ),
        (
            f"    {SET}; x = \\\n        1\n",
            f"    # testlsp: ignore[environ-setitem] -- wanted\n    {SET}; x = \\\n        1\n",
        ),
        (f"    {SET}; {SET}", f"    {SET}; {SET}  # testlsp: ignore[environ-setitem] -- wanted"),
    ],
)
def test_a_finding_can_be_silenced_where_it_stands(before: str, after: str, newline: str) -> None:
    """The comment is put where a comment can be, joins a list that is there, and silences the finding."""
    head = "import os\ndef test_a():\n"
    text = (head + before).replace("\n", newline)
    rules = tuple(rule for rule in RULES if rule.code == "TL101")
    source, findings = lint_files({"tests/test_a.py": text}, "tests/test_a.py", rules, settings_of({}))
    assert findings.diagnostics
    new = apply_edits(source.text, silence_here(source, findings.diagnostics, "wanted"))
    assert new == (head + after).replace("\n", newline)
    assert lint_files({"tests/test_a.py": new}, "tests/test_a.py", rules, settings_of({})).findings.diagnostics == ()


def test_a_rule_can_be_silenced_in_the_file() -> None:
    """The comment comes first, behind what must come before it, and joins one that is there."""
    source = parse("a.py", "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport os\n")
    once = apply_edits(source.text, silence_in_file(source, ["environ-setitem"], "legacy"))
    assert once.splitlines()[2] == "# testlsp: ignore-file[environ-setitem] -- legacy"
    again = parse("a.py", once)
    twice = apply_edits(once, silence_in_file(again, ["scope-mismatch"]))
    assert twice.splitlines()[2] == "# testlsp: ignore-file[environ-setitem, scope-mismatch] -- legacy"
