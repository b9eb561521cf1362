"""Stories about settings: from files, from the editor, from several folders, and wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsp.harness import LEAK, codes, editor, progress_kinds
from lsprotocol import types

OFF = '[tool.testlsp]\nignore = ["TL101"]\n'


@pytest.mark.asyncio
async def test_a_changed_configuration_file_counts_at_once(tmp_path: Path) -> None:
    """Findings follow the nearest configuration file; an invalid one is reported there and the last good one stays."""
    async with editor("neovim", tmp_path, change=_watching) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        await it.until(lambda: types.WORKSPACE_DID_CHANGE_WATCHED_FILES in it.registered)
        config = it.write("pyproject.toml", OFF)
        await it.changed_on_disk("pyproject.toml", kind=types.FileChangeType.Created)
        await it.becomes(uri, [])
        it.write("pyproject.toml", OFF.replace("]\n", "\n", 2).replace("[tool.testlsp\n", "[tool.testlsp]\n"))
        await it.changed_on_disk("pyproject.toml")
        await it.until(lambda: bool(it.published.get(config) and it.published[config][-1].diagnostics))
        version = it.edit(uri, ((0, 0), (0, 0), "\n"))
        assert await it.told(uri, version) == []
        it.write("pyproject.toml", "[tool.testlsp]\nselct = 1\n")
        await it.changed_on_disk("pyproject.toml")
        await it.until(lambda: "selct" in it.published[config][-1].diagnostics[0].message)
        assert it.published[config][-1].diagnostics[0].range.start.line == 1
        it.write("pyproject.toml", "[tool.testlsp]\n")
        await it.changed_on_disk("pyproject.toml")
        await it.becomes(uri, ["TL101"])
        assert list(it.published[config][-1].diagnostics) == []


def _watching(capabilities: dict) -> None:  # type: ignore[type-arg]
    capabilities["workspace"]["didChangeWatchedFiles"] = {"dynamicRegistration": True}


@pytest.mark.asyncio
async def test_the_editor_has_the_last_word(tmp_path: Path) -> None:
    """Settings of the editor come above those of files, at the start and when they change."""
    (tmp_path / "pyproject.toml").write_text(OFF)
    async with editor("minimal", tmp_path, options={"settings": {"select": ["TL101"]}}) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        it.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"testlsp": {"severity": {"TL101": "hint"}, "extendSelect": ["TL101"]}})
        )
        await it.until(lambda: any(each.severity == 4 for each in it.published[uri][-1].diagnostics))
        it.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"testlsp": {}}))
        await it.becomes(uri, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["vscode-push", "vscode"])
async def test_two_folders_have_their_own_settings(kind: str, tmp_path: Path) -> None:
    """Each workspace folder follows its own file and what the editor answers for it."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    (one / "pyproject.toml").write_text(OFF)
    async with editor(kind, tmp_path, folders={"one": one, "two": two}) as it:
        first, second = it.open("one/test_a.py", LEAK), it.open("two/test_a.py", LEAK)
        await it.comes_to(second, ["TL101"])
        await it.comes_to(first, [])
        it.client.set_configuration({"ignore": ["environ"]}, section="testlsp", scope_uri=two.as_uri())
        it.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await it.comes_to(second, [])


@pytest.mark.asyncio
async def test_a_folder_can_come_later(tmp_path: Path) -> None:
    """A folder that is added to the workspace brings its settings and its files, and takes them with it."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "test_a.py").write_text(LEAK)
    later = types.WorkspaceFolder(two.as_uri(), "two")
    async with editor("vscode", tmp_path, folders={"one": one}) as it:

        async def reported() -> list[str]:
            params = types.WorkspaceDiagnosticParams([])
            return sorted(each.uri for each in (await it.client.workspace_diagnostic_async(params)).items)

        assert await reported() == [it.uri("one/test_a.py")]
        for added, removed in (([later], []), ([], [later])):
            event = types.WorkspaceFoldersChangeEvent(added, removed)
            it.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
            expected = ["one/test_a.py", "two/test_a.py"] if added else ["one/test_a.py"]
            await it.client.workspace_execute_command_async(
                types.ExecuteCommandParams("testlsp.showSettings", [it.uri("one/test_a.py")])
            )
            assert await reported() == [it.uri(name) for name in expected]


@pytest.mark.asyncio
async def test_a_client_can_look_on_save_only(tmp_path: Path) -> None:
    """With `run` set to onSave nothing is pushed while somebody types."""
    async with editor("neovim", tmp_path, options={"settings": {"run": "onSave"}}) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        version = it.edit(uri, ((4, 0), (5, 0), ""))
        await it.actions(uri, 0)
        assert all(each.version != version for each in it.published[uri])
        it.save(uri)
        assert codes(await it.told(uri, version)) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["vscode", "neovim-pull"])
async def test_a_client_that_pulls_can_look_on_save_only(kind: str, tmp_path: Path) -> None:
    """With `run` set to onSave what was told stays until the file is saved, however often the client asks."""
    async with editor(kind, tmp_path, options={"run": "onSave"}) as it:
        uri = it.open("test_a.py", LEAK)
        first = await it.pull(uri)
        assert codes(first.items) == ["TL101"]
        it.edit(uri, ((4, 0), (5, 0), ""))
        assert (await it.pull(uri, first.result_id)).kind == "unchanged"
        known = [types.PreviousResultId(uri, first.result_id)]
        assert not (await it.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(known))).items
        it.save(uri)
        assert codes((await it.pull(uri, first.result_id)).items) == []


@pytest.mark.asyncio
async def test_the_log_is_as_talkative_as_wanted(tmp_path: Path) -> None:
    """What the server writes to the client's log follows `logLevel`, at the start and when it changes."""

    async def logged(level: str) -> str:
        async with editor("neovim", tmp_path, options={"logLevel": level, "run": "sometimes", "selct": ["TL1"]}) as it:
            await it.becomes(it.open("test_a.py", LEAK), ["TL101"])
            await it.until(lambda: it.statuses[-1]["state"] == "ready")
            it.client.workspace_did_change_configuration(
                types.DidChangeConfigurationParams({"testlsp": {"logLevel": "error", "codeLens": 3}})
            )
            await it.actions(it.uri("test_a.py"), 0)
            return "\n".join(each.message for each in it.client.log_messages)

    talkative = await logged("info")
    assert "`run` cannot be 'sometimes'" in talkative
    assert "selct" in talkative
    assert "indexed 1 of 1 files" in talkative
    assert "code-lens" not in talkative
    assert await logged("error") == ""


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["vscode", "neovim"])
async def test_settings_count_when_they_are_saved(kind: str, tmp_path: Path) -> None:
    """What is typed into an open `pyproject.toml` changes nothing before it is saved, and is never taken for Python."""
    (tmp_path / "pyproject.toml").write_text("[tool.testlsp]\n")
    async with editor(kind, tmp_path) as it:
        uri, config = it.open("test_a.py", LEAK), it.open("pyproject.toml")

        async def found() -> list[str]:
            if kind == "vscode":
                return codes((await it.pull(uri)).items)
            await it.actions(uri, 0)
            return codes(it.published[uri][-1].diagnostics)

        assert await found() == ["TL101"]
        it.replace(config, OFF)
        it.edit(uri, ((0, 0), (0, 0), "\n"))
        assert await found() == ["TL101"]
        assert not any(each.diagnostics for each in it.published.get(config, ()))
        it.write("pyproject.toml", OFF)
        it.save(config)
        await it.actions(uri, 0)
        assert await found() == []
        it.write("pyproject.toml", "[tool.testlsp]\nselct = 1\n")
        it.save(config)
        await it.until(lambda: bool(it.published.get(config)) and bool(it.published[config][-1].diagnostics))
        it.edit(config, ((0, 0), (0, 0), "#\n"))
        await it.actions(uri, 0)
        assert it.published[config][-1].diagnostics, "editing the file does not take back what is wrong with it"


@pytest.mark.asyncio
async def test_progress_is_shown_while_indexing(tmp_path: Path) -> None:
    """A client that shows progress sees the reading of the workspace begin and end, and the status says "ready"."""
    for number in range(30):
        (tmp_path / f"test_{number}.py").write_text(LEAK)
    async with editor("vscode-push", tmp_path) as it:
        uri = it.open("test_1.py")
        await it.becomes(uri, ["TL101"])
        await it.until(lambda: bool(it.statuses) and it.statuses[-1]["state"] == "ready")
        kinds = progress_kinds(it, "testlsp/indexing")
        assert kinds[0] == "begin"
        assert kinds[-1] == "end"
