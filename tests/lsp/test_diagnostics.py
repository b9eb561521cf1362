"""Stories about findings: pushed, pulled, and kept right while somebody types."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from lsp.harness import LEAK, SHARED, Editor, codes, editor, progress_kinds
from lsprotocol import types

pytestmark = pytest.mark.asyncio

PUSH = ["vscode-push", "neovim", "minimal"]
BOTH = ["neovim", "vscode"]
"""One that is told, and one that asks."""


@pytest.mark.parametrize("kind", PUSH)
async def test_findings_are_pushed_on_opening(kind: str, tmp_path: Path) -> None:
    """Whatever the client can, an opened file's findings come without being asked for."""
    async with editor(kind, tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        found = await it.becomes(uri, ["TL101"])
        where = found[0].range
        assert (where.start.line, where.start.character, where.end.character) == (4, 4, 31)
        assert found[0].severity is not None
        assert found[0].source == "testlsp"


async def test_findings_name_their_version(tmp_path: Path) -> None:
    """Each push names the version it speaks of, so that a client can drop what is stale."""
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.told(uri, 1)
        version = it.edit(uri, ((4, 0), (5, 0), ""))
        assert await it.told(uri, version) == []


async def test_links_tags_and_sources_follow_the_capabilities(tmp_path: Path) -> None:
    """A link to the rule's page is sent to those who show it, and to nobody else."""
    async with editor("vscode-push", tmp_path) as it:
        found = await it.told(it.open("test_a.py", LEAK))
        assert found[0].code_description is not None
        assert "environ-setitem" in found[0].code_description.href
    async with editor("minimal", tmp_path) as it:
        found = await it.becomes(it.open("test_a.py", LEAK), ["TL101"])
        assert found[0].code_description is None


async def test_what_does_nothing_is_tagged(tmp_path: Path) -> None:
    """A comment that silences nothing and a line that never runs are shown faded by clients that can."""
    text = (
        "import pytest\n\ndef test_a():\n    assert 1 == int('1')  # testlsp: ignore[TL101]\n\n"
        "def test_b():\n    with pytest.raises(ValueError) as e:\n        int('x')\n        assert 'x' in e\n"
    )
    async with editor("vscode-push", tmp_path) as it:
        found = await it.becomes(it.open("test_a.py", text), ["TL901", "TL313"])
        assert [one.tags for one in found] == [(types.DiagnosticTag.Unnecessary,)] * 2
    async with editor("minimal", tmp_path) as it:
        found = await it.becomes(it.open("test_a.py", text), ["TL901", "TL313"])
        assert [one.tags for one in found] == [None, None]


async def test_a_scope_mismatch_shows_the_narrower_fixture(tmp_path: Path) -> None:
    """The related place of TL404 is the definition that does not live long enough, in whichever file it is."""
    conftest = "import pytest\n\n@pytest.fixture\ndef prices():\n    return {}\n"
    (tmp_path / "conftest.py").write_text(conftest)
    test = (
        'import pytest\n\n@pytest.fixture(scope="module")\ndef shop(prices):\n    return dict(prices)\n\n'
        "def test_shop(shop):\n    assert shop == {}\n"
    )
    async with editor("vscode-push", tmp_path) as it:
        found = await it.becomes(it.open("test_shop.py", test), ["TL404"])
        assert found[0].related_information is not None
        (place,) = found[0].related_information
        assert place.location.uri == (tmp_path / "conftest.py").as_uri()
        assert place.location.range.start.line == 3
        assert "`prices` is defined here" in place.message


@pytest.mark.parametrize(
    ("kind", "encoding"), [("neovim", "utf-8"), ("neovim", "utf-16"), ("neovim", "utf-32"), ("vscode", "utf-16")]
)
async def test_columns_are_counted_in_the_negotiated_unit(kind: str, encoding: str, tmp_path: Path) -> None:
    """An emoji and a tab before the finding move it by what they count in the unit, both ways."""

    def only(capabilities: dict[str, Any]) -> None:
        capabilities["general"] = {"positionEncodings": [encoding]}

    text = "import os\n\ndef test_a(client):\n\tx = '🎈é'; os.environ['A'] = 'b'\n\tassert client.get(x) == 1\n"
    async with editor(kind, tmp_path, change=only) as it:
        encoded = it.result.capabilities.position_encoding
        assert getattr(encoded, "value", encoded) == encoding
        uri = it.open("test_a.py", text)
        found = await it.findings(uri)
        expected = {"utf-8": 15, "utf-16": 12, "utf-32": 11}[encoding]
        assert (found[0].range.start.line, found[0].range.start.character) == (3, expected)
        # Deleting the emoji by a range in that unit leaves the rest whole.
        width = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding]
        version = it.edit(uri, ((3, 6), (3, 6 + width), ""))
        moved = await it.findings(uri, version)
        assert moved[0].range.start.character == expected - width
        assert codes(moved) == ["TL101"]


@pytest.mark.parametrize("kind", BOTH)
async def test_carriage_returns_count_as_line_ends(kind: str, tmp_path: Path) -> None:
    """CRLF files have their findings on the right line, also after a line was put in."""
    async with editor(kind, tmp_path) as it:
        uri = it.open("test_a.py", LEAK.replace("\n", "\r\n"))
        assert (await it.findings(uri))[0].range.start.line == 4
        found = await it.findings(uri, it.edit(uri, ((1, 0), (1, 0), "import sys\r\n")))
        assert found[0].range.start.line == 5


@pytest.mark.parametrize("kind", BOTH)
async def test_a_broken_statement_does_not_blind_the_rest(kind: str, tmp_path: Path) -> None:
    """While one function does not parse the others keep their findings, and repairing brings its own back."""
    text = LEAK + "\n\ndef test_other(client):\n    os.environ['B'] = 'x'\n    assert client.get() == 2\n"
    async with editor(kind, tmp_path) as it:
        uri = it.open("test_a.py", text)
        assert codes(await it.findings(uri)) == ["TL101", "TL101"]
        broken = await it.findings(uri, it.edit(uri, ((5, 4), (5, 30), "assert (")))
        assert 9 in [each.range.start.line for each in broken]
        mended = await it.findings(uri, it.edit(uri, ((5, 4), (5, 12), "assert client.login() == 1")))
        assert [each.range.start.line for each in mended] == [4, 9]


@pytest.mark.parametrize("kind", BOTH)
async def test_several_changes_in_one_notification_apply_in_order(kind: str, tmp_path: Path) -> None:
    """Each change of a notification counts in the text that the one before left."""
    async with editor(kind, tmp_path) as it:
        uri = it.open("test_a.py", "def test_a(client):\n    assert client.get() == 1\n")
        await it.findings(uri)
        version = it.edit(
            uri,
            ((0, 0), (0, 0), "import os\n"),
            ((1, 0), (1, 0), "\n"),
            ((3, 0), (3, 0), "    os.environ['A'] = 'b'\n"),
        )
        found = await it.findings(uri, version)
        assert [each.range.start.line for each in found] == [3]


async def test_a_conftest_edit_changes_another_open_file(tmp_path: Path) -> None:
    """A fixture that becomes shared in an unsaved conftest makes a change of its value a finding elsewhere."""
    conftest = 'import pytest\n\n@pytest.fixture\ndef prices():\n    return {"mug": 1}\n'
    test = (
        'def test_one(prices):\n    prices["mug"] = 2\n    assert prices["mug"] == 2\n\n'
        'def test_two(prices):\n    assert prices["mug"] == 1\n'
    )
    async with editor("vscode-push", tmp_path) as it:
        one = it.open("conftest.py", conftest)
        two = it.open("test_prices.py", test)
        await it.becomes(two, [])
        it.edit(one, ((2, 15), (2, 15), '(scope="session")'))
        found = await it.becomes(two, ["TL401"])
        assert found[0].related_information
        assert found[0].related_information[0].location.uri.endswith(".py")
        it.edit(one, ((2, 15), (2, 32), ""))
        await it.becomes(two, [])
        # Closing without saving: what is on disk counts, which has function scope.
        it.edit(one, ((2, 15), (2, 15), '(scope="session")'))
        await it.becomes(two, ["TL401"])
        it.close(one)
        await it.becomes(two, [])


async def test_closing_takes_pushed_findings_back(tmp_path: Path) -> None:
    """A closed file keeps no findings in a client that is told them."""
    async with editor("neovim", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        await it.becomes(uri, ["TL101"])
        it.close(uri)
        await it.becomes(uri, [])


async def test_only_test_files_are_judged(tmp_path: Path) -> None:
    """A module of the program has no findings, whatever is in it."""
    async with editor("neovim", tmp_path) as it:
        uri = it.open("app.py", LEAK)
        assert await it.told(uri) == []


async def test_findings_are_pulled(tmp_path: Path) -> None:
    """A client that pulls is not pushed to, and gets "unchanged" for what it knows."""
    async with editor("vscode", tmp_path) as it:
        uri = it.open("test_a.py", LEAK)
        first = await it.pull(uri)
        assert codes(first.items) == ["TL101"]
        again = await it.pull(uri, first.result_id)
        assert again.kind == "unchanged"
        it.edit(uri, ((4, 0), (5, 0), ""))
        assert codes((await it.pull(uri, first.result_id)).items) == []
        assert uri not in it.published


async def test_a_pulling_client_is_asked_to_refresh(tmp_path: Path) -> None:
    """A conftest that changes on disk changes what is true elsewhere, so the client is asked to pull again."""
    (tmp_path / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef prices():\n    return {1: 2}\n")
    async with editor("vscode", tmp_path) as it:
        uri = it.open("test_a.py", SHARED)
        assert codes((await it.pull(uri)).items) == []
        before = it.refreshes
        it.write("conftest.py", "import pytest\n\n@pytest.fixture(scope='module')\ndef prices():\n    return {1: 2}\n")
        await it.changed_on_disk("conftest.py")
        await it.until(lambda: it.refreshes > before)
        assert codes((await it.pull(uri)).items) == ["TL401"]


SHARING = "import pytest\n\n@pytest.fixture(scope='module')\ndef prices():\n    return {1: 2}\n"
OWN = SHARING.replace("(scope='module')", "")


def _related(capabilities: dict[str, Any]) -> None:
    capabilities["textDocument"]["diagnostic"]["relatedDocumentSupport"] = True


@pytest.mark.parametrize("kind", ["vscode", "neovim-pull"])
async def test_related_documents_come_with_the_answer(kind: str, tmp_path: Path) -> None:
    """Who edits a conftest and pulls gets the other open files' findings with it, if the client can take them."""
    async with editor(kind, tmp_path, change=_related) as it:
        conftest, test = it.open("conftest.py", OWN), it.open("test_a.py", SHARED)
        await it.until(lambda: bool(it.statuses) and it.statuses[-1]["state"] == "ready")
        # What the folder turned out to hold makes the server ask for a refresh, 20 ms later.
        await asyncio.sleep(0.05)
        assert codes((await it.pull(test)).items) == []
        assert not (await it.pull(conftest)).related_documents
        before = it.refreshes
        it.replace(conftest, SHARING)
        answer = await it.pull(conftest)
        assert list(answer.related_documents) == [test]
        found = answer.related_documents[test]
        assert codes(found.items) == ["TL401"]
        assert (await it.pull(test, found.result_id)).kind == "unchanged"
        assert not (await it.pull(conftest)).related_documents, "it is told once"
        assert it.refreshes == before


async def test_an_unsaved_conftest_counts_for_clients_that_pull(tmp_path: Path) -> None:
    """A client without related documents is asked to pull again when an open conftest is edited, and when it closes."""
    async with editor("vscode", tmp_path) as it:
        conftest, test = it.open("conftest.py", OWN), it.open("test_a.py", SHARED)
        assert codes((await it.pull(test)).items) == []
        before = it.refreshes
        it.replace(conftest, SHARING)
        assert (await it.pull(conftest)).related_documents is None
        await it.until(lambda: it.refreshes > before)
        assert codes((await it.pull(test)).items) == ["TL401"]
        before = it.refreshes
        it.write("conftest.py", OWN)
        it.close(conftest)
        await it.until(lambda: it.refreshes > before)
        assert codes((await it.pull(test)).items) == []


async def test_the_workspace_is_reported_in_parts(tmp_path: Path) -> None:
    """Files that are not open are reported too, in parts where the client gives a token, and only what is news."""
    for number in range(50):
        (tmp_path / f"test_{number}.py").write_text(LEAK)
    (tmp_path / "app.py").write_text(LEAK)
    async with editor("vscode", tmp_path) as it:
        params = types.WorkspaceDiagnosticParams([], partial_result_token="parts", work_done_token="work")
        rest = await it.client.workspace_diagnostic_async(params)
        parts = it.partial["parts"]
        assert len(parts) > 1
        reports = [*[each for part in parts for each in _items(part)], *rest.items]
        assert len(reports) == 50
        kinds = progress_kinds(it, "work")
        assert (kinds[0], kinds[-1]) == ("begin", "end")
        assert "report" in kinds
        one = it.uri("test_1.py")
        ids = [types.PreviousResultId(_get(each, "uri"), _get(each, "resultId", "result_id")) for each in reports]
        again = await it.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(ids))
        assert list(again.items) == []
        it.write("test_1.py", "def test_a():\n    assert 1 + 1 == 2\n")
        (tmp_path / "test_2.py").unlink()
        await it.changed_on_disk("test_1.py")
        await it.changed_on_disk("test_2.py", kind=types.FileChangeType.Deleted)
        news = await it.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(ids))
        assert {each.uri: list(_get(each, "items")) for each in news.items} == {one: [], it.uri("test_2.py"): []}


def _items(part: Any) -> Any:
    return part["items"] if isinstance(part, dict) else part.items


def _get(value: Any, *names: str) -> Any:
    for name in names:
        if isinstance(value, dict) and name in value:
            return value[name]
        if hasattr(value, name):
            return getattr(value, name)
    raise KeyError(names)


async def test_a_document_that_was_never_saved_is_judged(tmp_path: Path) -> None:
    """An untitled document counts as a test module."""
    async with editor("neovim", tmp_path) as it:
        uri = "untitled:Untitled-1"
        it.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, LEAK))
        )
        assert codes(await it.told(uri)) == ["TL101"]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("by_editor", [True, False], ids=["by the editor", "behind its back"])
async def test_a_rename_of_a_conftest_is_noticed(kind: str, by_editor: bool, tmp_path: Path) -> None:
    """When a conftest is renamed away, its fixtures are gone for the files below it, and back when it is."""
    (tmp_path / "conftest.py").write_text(SHARING)

    async def rename(it: Editor, old: str, new: str) -> None:
        (tmp_path / old).rename(tmp_path / new)
        if by_editor:
            renamed = types.RenameFilesParams([types.FileRename(it.uri(old), it.uri(new))])
            it.client.workspace_did_rename_files(renamed)
        else:
            await it.changed_on_disk(old, kind=types.FileChangeType.Deleted)
            await it.changed_on_disk(new, kind=types.FileChangeType.Created)

    async with editor(kind, tmp_path) as it:
        uri = it.open("test_a.py", SHARED)
        await it.comes_to(uri, ["TL401"])
        await rename(it, "conftest.py", "other.py")
        await it.comes_to(uri, [])
        await rename(it, "other.py", "conftest.py")
        await it.comes_to(uri, ["TL401"])


async def test_a_deleted_test_file_is_forgotten(tmp_path: Path) -> None:
    """A test file that was created counts for the workspace, and one that was deleted does not any more."""
    async with editor("vscode", tmp_path) as it:
        uri = it.write("test_new.py", LEAK)
        it.client.workspace_did_create_files(types.CreateFilesParams([types.FileCreate(uri)]))
        found = (await it.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))).items
        assert [(each.uri, codes(_get(each, "items"))) for each in found] == [(uri, ["TL101"])]
        (tmp_path / "test_new.py").unlink()
        it.client.workspace_did_delete_files(types.DeleteFilesParams([types.FileDelete(uri)]))
        assert not (await it.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))).items


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
@pytest.mark.parametrize("kind", ["neovim", "vscode"])
async def test_syntax_of_a_newer_python_is_no_silence(kind: str, tmp_path: Path) -> None:
    """What only a newer Python parses is said, after a rest, where it stands; what nobody parses is left to others."""
    text = LEAK + "\n\ntype Name = str\n\n\ndef test_broken(:\n    pass\n"
    async with editor(kind, tmp_path) as it:
        uri = it.open("test_a.py", text)
        if kind == "vscode":
            before = it.refreshes
            assert codes((await it.pull(uri)).items) == ["TL101"]
            await it.until(lambda: it.refreshes > before)
            found = list((await it.pull(uri)).items)
        else:
            assert codes(await it.told(uri)) == ["TL101"]
            found = await it.becomes(uri, ["TL101", "newer-python"])
        (notice,) = [each for each in found if each.code == "newer-python"]
        assert "needs a newer Python" in notice.message
        assert (notice.range.start.line, notice.severity) == (8, types.DiagnosticSeverity.Information)
