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
async def test_two_folders_have_their_own_settings(tmp_path: Path) -> None:
    """Each workspace folder follows its own file and what the editor answers for it."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    (one / "pyproject.toml").write_text(OFF)
    async with editor("vscode-push", tmp_path, folders={"one": one, "two": two}) as it:
        first, second = it.open("one/test_a.py", LEAK), it.open("two/test_a.py", LEAK)
        await it.becomes(second, ["TL101"])
        await it.becomes(first, [])
        it.client.set_configuration({"ignore": ["environ"]}, section="testlsp", scope_uri=two.as_uri())
        it.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await it.becomes(second, [])


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
