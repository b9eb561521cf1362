"""The fixture graph against pytest itself, on small projects."""

from __future__ import annotations

from pathlib import Path

import pytest
from semantic.comparison import ask_pytest, compare, static_graph
from semantic.graph_cases import CASES


@pytest.mark.parametrize("case", CASES)
def test_graph_equals_pytest(case: str, tmp_path: Path) -> None:
    """For every collected test the graph reaches the same names, with the same definitions of each."""
    for name, text in CASES[case].items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if not any(name.endswith("pytest.ini") for name in CASES[case]):
        (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    site = (str(tmp_path / "site"),) if (tmp_path / "site").exists() else ()
    arguments = ("project",) if (tmp_path / "project").exists() else ("--ignore=site",)
    oracle = ask_pytest(tmp_path, arguments=arguments, site=site, installed=bool(site))
    assert oracle["items"], oracle["closing"]
    assert "error" not in oracle["closing"], oracle["closing"]
    result = compare(oracle, static_graph(oracle))
    assert result.names > 0
    assert result.differences == []
