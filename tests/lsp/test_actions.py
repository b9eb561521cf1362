"""Stories about code actions: offered without edits, resolved with versions, refused when stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsp.harness import LEAK, STATUS, after, codes, editor
from lsprotocol import types
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio

FIXED = "import os\n\n\ndef test_login(client, monkeypatch):\n    monkeypatch.setenv('TOKEN', 'abc')\n"


async def test_a_fix_is_resolved_with_the_version_it_was_made_for(tmp_path: Path) -> None:
    """An action comes without its edit; the edit names the version, touches what changes, and is right."""
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        fix = (await it.actions(uri, 4, 6))[0]
        assert fix.edit is None
        assert fix.is_preferred
        assert fix.kind == types.CodeActionKind.QuickFix
        assert codes(fix.diagnostics) == ["TL101"]
        edit = await it.resolved(fix)
        assert after(LEAK, edit, uri).startswith(FIXED)
        (change,) = edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == 1
        assert all(each.range.end.line <= 4 for each in change.edits)


async def test_a_client_without_resolve_gets_edits_at_once(tmp_path: Path) -> None:
    """Whoever cannot ask for edits later gets them with the offer, in the form it knows."""

    def literals(capabilities: dict[str, Any]) -> None:
        capabilities["textDocument"] = {
            "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}}
        }

    async with editor("minimal", tmp_path, change=literals) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        fix = (await it.actions(uri, 4, 6))[0]
        assert fix.edit is not None
        assert fix.edit.changes is not None
        assert fix.edit.document_changes is None
        assert after(LEAK, fix.edit, uri).startswith(FIXED)
    async with editor("minimal", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        assert await it.actions(uri, 4, 6) == []


async def test_a_stale_action_is_refused(tmp_path: Path) -> None:
    """An action of a text that has changed since is answered with ContentModified and never applied wrongly."""
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        fix = (await it.actions(uri, 4, 6))[0]
        it.edit(uri, ((0, 0), (0, 0), "# a line more\n"))
        with pytest.raises(JsonRpcException) as refusal:
            await it.client.code_action_resolve_async(fix)
        assert refusal.value.code == -32801


async def test_alternatives_are_offered_side_by_side(tmp_path: Path) -> None:
    """A list of status codes gives one action for each of them, none preferred; the choice is not asked about again."""
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", STATUS)
        await it.told(uri)
        offered = [each for each in await it.actions(uri, 1, 30) if "gnore" not in each.title]
        assert len(offered) >= 2
        assert not any(each.is_preferred for each in offered)
        results = set()
        for each in offered:
            edit = await it.resolved(each)
            assert edit.change_annotations is None
            results.add(after(STATUS, edit, uri))
        assert len(results - {STATUS}) == len(offered)


MARKED = "import pytest\n\n\n@pytest.mark.database\ndef test_a(db):\n    assert db.get(3) == 1\n"
MARKERS = '[tool.pytest.ini_options]\nmarkers = [\n    "slow: takes long",\n]\n'


async def test_an_edit_of_another_file_is_confirmed(tmp_path: Path) -> None:
    """A fix that writes into the project's configuration is annotated, so that the editor asks before it does."""
    (tmp_path / "pyproject.toml").write_text(MARKERS)
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", MARKED)
        await it.becomes(uri, ["TL610"])
        (fix,) = [each for each in await it.actions(uri, 3, 14) if each.title.startswith("Register")]
        edit = await it.resolved(fix)
        config = it.uri("pyproject.toml")
        assert '    "database",\n' in after(MARKERS, edit, config)
        assert edit.change_annotations is not None
        assert all(each.needs_confirmation for each in edit.change_annotations.values())
        (change,) = edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert all(isinstance(each, types.AnnotatedTextEdit) for each in change.edits)


async def test_a_fixture_in_another_file_is_changed_as_it_stands_in_the_editor(tmp_path: Path) -> None:
    """An open conftest is edited as it is there, with its version; nothing is taken from the disk."""
    conftest = "import pytest\n\n@pytest.fixture(scope='session')\ndef prices():\n    return {'mug': 9.9}\n"
    test = "def test_a(prices):\n    prices['mug'] = 1\n\n\ndef test_b(prices):\n    assert prices['mug'] == 9.9\n"
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    async with editor("vscode-push", tmp_path) as it:
        opened = "# 😀\n" + conftest
        other, uri = it.open("conftest.py", opened), it.open("test_a.py", test)
        await it.becomes(uri, ["TL401"])
        [narrow] = [each for each in await it.actions(uri, 1, 5) if each.title == "Give `prices` function scope"]
        edit = await it.resolved(narrow)
        assert after(opened, edit, other) == opened.replace("'session'", '"function"')
        assert after(test, edit, uri) == test


async def test_an_edit_of_unsaved_settings_is_refused(tmp_path: Path) -> None:
    """What would go into a configuration file follows what it says now, and waits until that is saved."""
    (tmp_path / "pyproject.toml").write_text(MARKERS)
    async with editor("vscode-push", tmp_path) as it:
        uri, config = it.open("test_a.py", MARKED), it.uri("pyproject.toml")
        await it.becomes(uri, ["TL610"])
        (fix,) = [each for each in await it.actions(uri, 3, 14) if each.title.startswith("Register")]
        longer = "# a line more\n" + MARKERS
        it.write("pyproject.toml", longer)
        assert '    "database",\n' in after(longer, await it.resolved(fix), config)
        it.open("pyproject.toml")
        it.edit(config, ((0, 0), (0, 0), "\n"))
        edit = await it.resolved(fix)
        assert not edit.document_changes


async def test_findings_can_be_silenced(tmp_path: Path) -> None:
    """A comment on the line, with a place for the reason, or one for the file, takes the finding away."""
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        offered = {each.title: each for each in await it.actions(uri, 4, 6)}
        line = after(LEAK, await it.resolved(offered["Ignore environ-setitem on this line"]), uri)
        assert "= 'abc'  # testlsp: ignore[environ-setitem] -- reason\n" in line
        file = after(LEAK, await it.resolved(offered["Ignore environ-setitem in this file"]), uri)
        assert file.startswith("# testlsp: ignore-file[environ-setitem] -- reason\n")
        for text in (line, file):
            assert await it.told(uri, it.replace(uri, text)) == []


async def test_everything_of_a_kind_is_fixed_together(tmp_path: Path) -> None:
    """All findings of a rule, all safe ones of a family, and all safe ones of the file go in one edit each."""
    text = LEAK + "\n\ndef test_other(client):\n    os.environ['B'] = 'x'\n    assert client.get() == 2\n"
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", text)
        await it.becomes(uri, ["TL101", "TL101"])
        titles = {each.title: each for each in await it.actions(uri, 4, 6)}
        fixed = after(text, await it.resolved(titles["Fix all environ-setitem in this file"]), uri)
        assert "os.environ" not in fixed
        for kind in ("source.fixAll.testlsp", "source.fixAll", "source.fixAll.testlsp.environ"):
            found = await it.actions(uri, 0, 0, only=[kind])
            assert len(found) == 1, "an editor applies on save one after the other, and the second would be stale"
            assert after(text, await it.resolved(found[0]), uri) == fixed
        assert await it.actions(uri, 0, 0, only=["source.fixAll.testlsp.fixtures"]) == []
        assert await it.actions(uri, 0, 0, only=["source.fixAll.ruff"]) == []
        assert len(await it.actions(uri, 0, 0, only=["source"])) == 2


async def test_fixes_count_in_utf16_and_keep_line_ends(tmp_path: Path) -> None:
    """A fix behind an emoji and in a CRLF file lands where it belongs."""
    text = (
        "import os\r\n\r\ndef test_a(client):\r\n\tx = '🎈'; os.environ['A'] = 'b'\r\n\tassert client.get(x) == 1\r\n"
    )
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", text)
        await it.becomes(uri, ["TL101"])
        fix = (await it.actions(uri, 3, 14))[0]
        fixed = after(text, await it.resolved(fix), uri)
        assert "def test_a(client, monkeypatch):\r\n\tx = '🎈'; monkeypatch.setenv('A', 'b')\r\n" in fixed


async def test_a_file_is_fixed_by_command(tmp_path: Path) -> None:
    """The commands fix a file, or one rule everywhere, by edits that the editor applies."""
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        other = it.write("test_b.py", LEAK)
        await it.becomes(uri, ["TL101"])
        answer = await _command(it, "testlsp.fixFile", uri)
        assert answer["applied"]
        assert after(LEAK, it.applied[0].edit, uri).startswith(FIXED)
        answer = await _command(it, "testlsp.fixRuleInWorkspace", "environ-setitem")
        assert answer["files"] == 2
        edit = it.applied[1].edit
        assert after(LEAK, edit, other).startswith(FIXED)
        assert edit.change_annotations is not None
        assert all(each.needs_confirmation for each in edit.change_annotations.values())


async def test_a_command_edits_nothing_behind_the_editor(tmp_path: Path) -> None:
    """An editor that takes no edits from the server is told so, and neither its text nor the file changes."""
    async with editor("minimal", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        answer = await _command(it, "testlsp.fixFile", uri)
        assert answer == {"applied": False, "reason": "the editor does not take edits from commands"}
        assert (tmp_path / "test_a.py").read_text() == LEAK
        other = it.open("test_b.py", "def test_b(client):\n    assert client.get() == 2\n")
        assert not (await _command(it, "testlsp.fixFile", other))["applied"]
        with pytest.raises(JsonRpcException):
            await _command(it, "testlsp.fixFile")


async def test_questions_are_answered_by_command(tmp_path: Path) -> None:
    """A rule is explained, settings are shown with where they come from, and the index says what it knows."""
    (tmp_path / "pyproject.toml").write_text('[tool.testlsp]\nidiom = "mocker"\n')
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.told(uri)
        assert "environ-setitem" in await _command(it, "testlsp.explainRule", "TL101")
        settings = (await _command(it, "testlsp.showSettings", uri))["settings"]
        assert settings["idiom"] == {"value": "mocker", "from": str(tmp_path / "pyproject.toml")}
        index = await _command(it, "testlsp.showIndex", uri)
        assert index["tests"] == ["test_login"]
        with pytest.raises(JsonRpcException):
            await _command(it, "testlsp.explainRule", "TL999")


async def _command(it: Any, name: str, *arguments: str) -> Any:
    answer = await it.client.workspace_execute_command_async(types.ExecuteCommandParams(name, list(arguments)))
    return _plain(answer)


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
