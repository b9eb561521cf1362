"""Configurations in docs/editors.md for editors that no test can start are at least well formed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from testlsp.config.toml_text import parse_toml

DOCUMENT = (Path(__file__).parents[2] / "docs" / "editors.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks of the page in *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("toml"))
def test_toml_is_toml(block: str) -> None:
    """What Helix and Zed are to read can be read."""
    assert isinstance(parse_toml(block), dict)


@pytest.mark.parametrize("block", blocks("json"))
def test_json_is_json(block: str) -> None:
    """What VS Code, Zed and Sublime Text are to read can be read, by the strictest of readers."""
    assert isinstance(json.loads(block), dict)


def test_every_editor_says_whether_it_was_tried() -> None:
    """The table and the sections name the same editors, and each says "tried" or "not tried"."""
    rows = re.findall(r"^\| \[(.+?)\]\(.+?\) \| ((?:not )?tried)", DOCUMENT, flags=re.MULTILINE)
    sections = re.findall(r"^## (.+)", DOCUMENT, flags=re.MULTILINE)

    assert [name for name, _ in rows] == sections
    for name, tried in rows:
        section = DOCUMENT.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert tried == "tried" or "Not tried." in section, name
