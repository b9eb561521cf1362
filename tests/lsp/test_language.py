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


async def _lenses(it: Editor, uri: str) -> list[str]:
    lenses = await it.client.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
    return [each.command.title for each in lenses or () if each.command is not None]


async def test_code_lenses_follow_the_facts(tmp_path: Path) -> None:
    """When a test stops changing a shared fixture, or begins to, the client is asked to fetch the lenses again."""
    async with editor("vscode", tmp_path) as it:
        conftest, test = it.open("conftest.py", CONFTEST), it.open("test_a.py", SHARED)
        assert await _lenses(it, conftest) == ["session scope, changed by test_one"]
        it.edit(test, ((5, 0), (5, 0), "    assert prices\n"))
        it.edit(test, ((1, 0), (2, 0), ""))
        await it.until(lambda: it.lens_refreshes == 1)
        assert await _lenses(it, conftest) == []
        it.edit(test, ((1, 0), (1, 0), "    prices[1] = 3\n"))
        await it.until(lambda: it.lens_refreshes == 2)
        assert await _lenses(it, conftest) == ["session scope, changed by test_one"]


async def test_fixtures_are_left_to_another_server_by_setting(tmp_path: Path) -> None:
    """With `definitions` off there is no answer about fixtures, and with `codeLens` off no lens; findings stay."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    async with editor("neovim", tmp_path, options={"settings": {"definitions": False, "codeLens": False}}) as it:
        uri = it.open("test_a.py", SHARED)
        await it.becomes(uri, ["TL401"])
        at = _at(uri, 0, 14)
        assert await it.client.text_document_definition_async(types.DefinitionParams(**at)) is None
        context = types.ReferenceContext(include_declaration=True)
        assert not await it.client.text_document_references_async(types.ReferenceParams(context=context, **at))
        assert await it.client.text_document_hover_async(types.HoverParams(**at)) is None
        assert "TL401" in await _hovered(it, uri, 1, 6)
        assert await _lenses(it, it.open("conftest.py")) == []


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
