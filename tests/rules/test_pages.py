"""The pages about the rules: generated, current, and with links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from testlsp.builtin import all_rules
from testlsp.lint import Rule
from testlsp.report.pages import FAMILIES, INDEX, main, page, pages, stale

SECTIONS = [
    "What it finds",
    "Why it matters",
    "Example",
    "Safety of the fix",
    "Settings",
    "Related rules",
    "Silencing it",
]
DOCS = Path(__file__).parents[2] / "rules" / "docs"


def test_pages_are_current() -> None:
    """What lies in rules/docs is what the rules would generate now."""
    assert stale(str(DOCS), pages(all_rules())) == [], "run: python -m testlsp.report.pages --write rules/docs"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_page_tells_all(rule: type[Rule]) -> None:
    """A page has the message, an example, its settings, how to silence the rule, and says that it is generated."""
    text = page(rule, all_rules())

    assert text.startswith(f"# {rule.name} ({rule.code})\n\n<!-- Generated from ")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ") and line[3:] in SECTIONS] == SECTIONS
    assert "## Example\n\n```python\n" in text
    assert re.search(r"^Source: \S", text, flags=re.MULTILINE)
    assert f"ignore[{rule.name}]" in text
    assert all(f"`{option}`" in text for option in rule.options)
    assert rule.family in FAMILIES


def test_links_lead_somewhere() -> None:
    """Every relative link in the pages names a page, and every anchor a heading of the index."""
    made = pages(all_rules())
    by_hand = {path.name for path in DOCS.glob("*.md")} - set(made)
    headings = {"#" + line[3:].lower().replace(" ", "-") for line in made[INDEX].splitlines() if line.startswith("## ")}
    targets = {target for text in made.values() for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text)}

    assert {target for target in targets if target.partition("#")[0] not in made.keys() | by_hand | {""}} == set()
    assert {"#" + target.partition("#")[2] for target in targets if "#" in target} <= headings


def test_writing_and_checking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--write makes the pages and removes those of rules that are gone, not those written by hand; --check notices."""
    folder = str(tmp_path / "docs")
    assert main(["--check", folder]) == 1
    assert main(["--write", folder]) == 0
    assert main(["--check", folder]) == 0
    (tmp_path / "docs" / "gone-rule.md").write_text("# gone-rule (TL999)\n\n<!-- Generated from `testlsp_rules`. -->\n")
    (tmp_path / "docs" / "fixes.md").write_text("# Fixes\n")
    (tmp_path / "docs" / INDEX).write_text("edited by hand")
    capsys.readouterr()

    assert main(["--check", folder]) == 1
    assert capsys.readouterr().out == "not current: README.md\nnot current: gone-rule.md\n"
    main(["--write", folder])
    assert not (tmp_path / "docs" / "gone-rule.md").exists()
    assert (tmp_path / "docs" / "fixes.md").exists()
