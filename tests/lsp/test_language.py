"""Stories about hover, definition, references, code lenses and completion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp.harness import LEAK, SHARED, Editor, editor
from lsprotocol import types

pytestmark = pytest.mark.asyncio

CONFTEST = 'import pytest\n\n@pytest.fixture(scope="session")\ndef prices():\n    return {1: 2}\n'


def _at(uri: str, line: int, column: int) -> dict[str, Any]:
    return {"text_document": types.TextDocumentIdentifier(uri), "position": types.Position(line, column)}


async def _hovered(it: Editor, uri: str, line: int, column: int) -> str:
    found = await it.client.text_document_hover_async(types.HoverParams(**_at(uri, line, column)))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    return found.contents.value


async def test_a_fixture_is_found_explained_and_traced(tmp_path: Path) -> None:
    """From a parameter to its conftest, back to all who ask, and told with scope and with who changes it."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", SHARED)
        await it.becomes(uri, ["TL401"])
        text = await _hovered(it, uri, 4, 14)
        assert "session scope" in text
        assert "test_one" in text
        place = await it.client.text_document_definition_async(types.DefinitionParams(**_at(uri, 0, 14)))
        assert isinstance(place, types.Location)
        assert (place.uri, place.range.start.line, place.range.start.character) == (it.uri("conftest.py"), 3, 4)
        context = types.ReferenceContext(include_declaration=True)
        places = await it.client.text_document_references_async(
            types.ReferenceParams(context=context, **_at(uri, 0, 14))
        )
        assert [(each.uri, each.range.start.line) for each in places or ()] == [
            (it.uri("conftest.py"), 3),
            (uri, 0),
            (uri, 4),
        ]
        conftest = it.open("conftest.py")
        lenses = await it.client.text_document_code_lens_async(
            types.CodeLensParams(types.TextDocumentIdentifier(conftest))
        )
        assert [(each.range.start.line, each.command and each.command.title) for each in lenses or ()] == [
            (3, "session scope, changed by test_one")
        ]


async def test_fixtures_are_left_to_another_server_by_setting(tmp_path: Path) -> None:
    """With `definitions` off there is no answer about fixtures."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    async with editor("neovim", tmp_path, options={"settings": {"definitions": False}}) as it:
        uri = it.open("test_a.py", SHARED)
        await it.told(uri)
        assert await it.client.text_document_definition_async(types.DefinitionParams(**_at(uri, 0, 14))) is None


async def test_hover_tells_the_rule_and_what_a_comment_silences(tmp_path: Path) -> None:
    """On a finding its rule is shown, on a comment what it silences."""
    silenced = LEAK.replace("'abc'\n", "'abc'  # testlsp: ignore[environ-setitem]\n")
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.told(uri)
        assert "environ-setitem" in await _hovered(it, uri, 4, 6)
        await it.told(uri, it.replace(uri, silenced))
        text = await _hovered(it, uri, 4, 50)
        assert text.startswith("Silences `environ-setitem` in line 5")


async def test_rule_names_are_completed(tmp_path: Path) -> None:
    """Names are offered inside a comment that silences and inside the settings, and nowhere else."""
    (tmp_path / "pyproject.toml").write_text('[tool.testlsp]\nignore = [""]\n[tool.other]\nignore = [""]\n')
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", LEAK + "# testlsp: ignore[env\n")
        await it.told(uri)

        async def labels(where: str, line: int, column: int) -> set[str]:
            found = await it.client.text_document_completion_async(types.CompletionParams(**_at(where, line, column)))
            assert isinstance(found, list | tuple)
            return {each.label for each in found}

        assert {"environ-setitem", "environ"} <= await labels(uri, 6, 21)
        assert await labels(uri, 4, 10) == set()
        config = it.open("pyproject.toml")
        assert {"environ-setitem", "ALL"} <= await labels(config, 1, 11)
        assert await labels(config, 3, 11) == set()
