"""Which rules a ruff configuration turns on."""

from __future__ import annotations

from testlsp.config.ruff import RuffTable, read_ruff_document, ruff_settings


def test_lint_table_and_old_place_are_both_read() -> None:
    """`select` may stand in [tool.ruff] (before 0.2) or in [tool.ruff.lint]; the latter wins."""
    document = {"tool": {"ruff": {"select": ["E"], "ignore": ["E1"], "lint": {"select": ["B"]}}}}
    table = read_ruff_document("pyproject.toml", document)
    assert table == RuffTable("", {"select": ["B"], "ignore": ["E1"]})


def test_no_table_is_no_configuration() -> None:
    """A pyproject.toml without [tool.ruff] does not count; a ruff.toml always does."""
    assert read_ruff_document("pyproject.toml", {"tool": {}}) is None
    assert read_ruff_document("ruff.toml", {}) == RuffTable("", {})


def test_nonsense_is_passed_over() -> None:
    """To complain about ruff's settings is ruff's business."""
    assert read_ruff_document("ruff.toml", {"select": 3, "lint": 4, "extend": 5, "ignore": [1, "B"]}) == RuffTable(
        "", {"ignore": ["B"]}
    )


def test_extending_file_adds_and_overrides() -> None:
    """`select` replaces the one of the extended file, `extend-select` and `ignore` add."""
    base = RuffTable("", {"select": ["B"], "ignore": ["B011"]})
    own = RuffTable("base.toml", {"extend-select": ["PT"], "ignore": ["PT011"], "per-file-ignores": {"tests/*": ["B"]}})
    settings = ruff_settings("/p/ruff.toml", "/p", [base, own])
    assert settings.select == ("B", "PT")
    assert settings.ignore == ("B011", "PT011")
    assert settings.per_file_ignores == (("tests/*", ("B",)),)


def test_default_selection() -> None:
    """Without `select`, ruff's own default holds."""
    settings = ruff_settings("/p/ruff.toml", "/p", [RuffTable("", {})])
    assert "F" in settings.select
    assert "B017" in settings.select
    assert "PT011" not in settings.select
