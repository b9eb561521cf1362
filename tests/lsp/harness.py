"""An editor for tests: a real server, the recorded capabilities of real editors, and words for what users do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

SERVER = [sys.executable, "-m", "testlsp.lsp", "--stdio"]
PATIENCE = 8.0

LEAK = "import os\n\n\ndef test_login(client):\n    os.environ['TOKEN'] = 'abc'\n    assert client.login() == 1\n"
"""A test file with one finding, TL101, which has a safe fix."""
SHARED = (
    "def test_one(prices):\n    prices[1] = 3\n    assert len(prices) == 1\n\n"
    "def test_two(prices):\n    assert len(prices) == 1\n"
)
"""One test changes the value of a fixture that another one gets: TL401 if the fixture is shared."""
STATUS = "def test_get(client):\n    assert client.get('/').status_code in (200, 404)\n"
"""A test file with one finding that has several fixes."""

_CONVERTER = get_converter()


def _capabilities(editor: str) -> dict[str, Any]:
    if editor == "minimal":
        return {}
    recorded = "visual-studio-code" if editor.startswith("vscode") else "neovim"
    found: dict[str, Any] = _CONVERTER.unstructure(client_capabilities(recorded), types.ClientCapabilities)
    found = deepcopy(found)
    if editor == "vscode":
        # The recording is of an old version; these came with 1.75 to 1.90.
        found["textDocument"]["diagnostic"] = {
            "dynamicRegistration": True,
            "relatedDocumentSupport": False,
            "relatedInformation": True,
            "codeDescriptionSupport": True,
        }
        found["workspace"]["diagnostics"] = {"refreshSupport": True}
        found["general"]["positionEncodings"] = ["utf-16"]
    if editor == "neovim":
        # What `vim.lsp.start` sends when its pull support is left out, as older versions do.
        found["textDocument"].pop("diagnostic", None)
    return found


class Editor:
    """One editor with one server. Files live below `root`; positions are (line, column), both from 0."""

    def __init__(self, kind: str, root: Path) -> None:
        """Prepare an editor of *kind*: vscode, vscode-push, neovim, neovim-pull or minimal."""
        self.kind = kind
        self.root = root
        self.client = LanguageClient()
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.partial: dict[Any, list[Any]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.applied: list[types.ApplyWorkspaceEditParams] = []
        self.registered: list[str] = []
        self.refreshes = 0
        self.lens_refreshes = 0
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self.result: types.InitializeResult
        self._news = asyncio.Event()
        register_lsp_features(
            self.client,
            {method: feature for method, feature in DEFAULT_CLIENT_FEATURES.items() if method not in self._own()},
        )
        for method, feature in self._own().items():
            self.client.feature(method)(partial(feature))  # pygls marks it, which a method does not allow

    def _own(self) -> dict[str, Callable[..., Any]]:
        return {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: self._on_publish,
            types.PROGRESS: self._on_progress,
            types.WORKSPACE_APPLY_EDIT: self._on_apply,
            types.WORKSPACE_DIAGNOSTIC_REFRESH: self._on_refresh,
            types.WORKSPACE_CODE_LENS_REFRESH: self._on_lens_refresh,
            types.CLIENT_REGISTER_CAPABILITY: self._on_register,
            "testlsp/status": self._on_status,
        }

    def _on_publish(self, params: types.PublishDiagnosticsParams) -> None:
        self.published.setdefault(params.uri, []).append(params)
        self._news.set()

    def _on_progress(self, params: types.ProgressParams) -> None:
        self.partial.setdefault(params.token, []).append(params.value)
        self._news.set()

    def _on_apply(self, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        self.applied.append(params)
        self._news.set()
        return types.ApplyWorkspaceEditResult(applied=True)

    def _on_refresh(self, params: None) -> None:
        self.refreshes += 1
        self._news.set()

    def _on_lens_refresh(self, params: None) -> None:
        self.lens_refreshes += 1
        self._news.set()

    def _on_register(self, params: types.RegistrationParams) -> None:
        self.registered += [registration.method for registration in params.registrations]
        self._news.set()

    def _on_status(self, params: Any) -> None:
        self.statuses.append(params._asdict() if hasattr(params, "_asdict") else dict(params))
        self._news.set()

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait until *condition* holds; look at it whenever the server says something."""
        async with asyncio.timeout(PATIENCE) if hasattr(asyncio, "timeout") else _timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    # -- life --------------------------------------------------------------------------------------------------------

    async def start(
        self,
        options: Any = None,
        folders: Mapping[str, Path] | None = None,
        change: Callable[[dict[str, Any]], None] | None = None,
        server: Sequence[str] = SERVER,
        address: tuple[str, int] | None = None,
    ) -> None:
        """Start the server and say who we are; *change* may alter the recorded capabilities.

        *server* is the command, unless there is one already that listens at *address*.
        """
        capabilities = _capabilities(self.kind)
        if change is not None:
            change(capabilities)
        given = {"r": self.root} if folders is None else folders
        if address is None:
            await self.client.start_io(*server)
        else:
            await self.client.start_tcp(*address)
        self.result = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=_CONVERTER.structure(capabilities, types.ClientCapabilities),
                root_uri=self.root.as_uri(),
                workspace_folders=[types.WorkspaceFolder(path.as_uri(), name) for name, path in given.items()],
                initialization_options=options,
            )
        )

    async def stop(self) -> None:
        """Say goodbye; the server must leave with exit code 0."""
        await self.client.shutdown_session()
        server = self.client._server
        if server is not None:
            assert server.returncode == 0
        await self.client.stop()  # type: ignore[no-untyped-call]

    # -- files -------------------------------------------------------------------------------------------------------

    def write(self, name: str, text: str) -> str:
        """Write a file below the root, as it is; return its address."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path.as_uri()

    def uri(self, name: str) -> str:
        """Return the address of a file below the root."""
        return (self.root / name).as_uri()

    async def changed_on_disk(self, *names: str, kind: types.FileChangeType = types.FileChangeType.Changed) -> None:
        """Tell that files changed behind the editor's back."""
        self.client.workspace_did_change_watched_files(
            types.DidChangeWatchedFilesParams([types.FileEvent(self.uri(name), kind) for name in names])
        )

    def open(self, name: str, text: str | None = None) -> str:
        """Open a file, written first when *text* is given and there is none."""
        if text is not None and not (self.root / name).exists():
            self.write(name, text)
        uri = self.uri(name)
        content = (self.root / name).read_bytes().decode() if text is None else text
        self.versions[uri], self.texts[uri] = 1, content
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, content))
        )
        return uri

    def edit(self, uri: str, *changes: tuple[tuple[int, int], tuple[int, int], str]) -> int:
        """Send one notification with these changes (start, end, new text); return the new version."""
        self.versions[uri] += 1
        version = self.versions[uri]
        events: list[types.TextDocumentContentChangeEvent] = [
            types.TextDocumentContentChangePartial(
                range=types.Range(types.Position(*start), types.Position(*end)), text=new
            )
            for start, end, new in changes
        ]
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(version, uri), events)
        )
        return version

    def replace(self, uri: str, text: str) -> int:
        """Send the whole text anew; return the new version."""
        self.versions[uri] += 1
        event = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(self.versions[uri], uri), [event])
        )
        self.texts[uri] = text
        return self.versions[uri]

    def close(self, uri: str) -> None:
        """Close a file."""
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def save(self, uri: str) -> None:
        """Tell that a file was saved."""
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    # -- answers -----------------------------------------------------------------------------------------------------

    async def told(self, uri: str, version: int | None = 1) -> list[types.Diagnostic]:
        """Return the findings that the server publishes for *version* of a file (None: the next for it)."""
        count = 0 if version is not None else len(self.published.get(uri, ()))

        def there() -> bool:
            found = self.published.get(uri, [])
            return any(each.version == version for each in found) if version is not None else len(found) > count

        await self.until(there)
        found = [each for each in self.published[uri] if version is None or each.version == version]
        return list(found[-1].diagnostics)

    async def becomes(self, uri: str, codes: list[str]) -> list[types.Diagnostic]:
        """Wait until the findings last published for a file have these codes."""
        await self.until(
            lambda: (
                bool(self.published.get(uri))
                and sorted(str(each.code) for each in self.published[uri][-1].diagnostics) == sorted(codes)
            )
        )
        return list(self.published[uri][-1].diagnostics)

    async def pull(self, uri: str, previous: str | None = None) -> Any:
        """Ask for the findings of a file."""
        return await self.client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        )

    @property
    def pulls(self) -> bool:
        """Whether this editor asks for findings instead of being told."""
        return self.kind in {"vscode", "neovim-pull"}

    async def findings(self, uri: str, version: int | None = 1) -> list[types.Diagnostic]:
        """Return the findings of *version* of a file the way this editor gets them."""
        return list((await self.pull(uri)).items) if self.pulls else await self.told(uri, version)

    async def comes_to(self, uri: str, wanted: list[str]) -> list[types.Diagnostic]:
        """Wait until the findings of a file have these codes, asking again only when the server says so."""
        while self.pulls:
            count = self.refreshes
            found = list((await self.pull(uri)).items)
            if codes(found) == sorted(wanted):
                return found
            await self.until(lambda seen=count: self.refreshes > seen)  # type: ignore[misc]
        return await self.becomes(uri, wanted)

    async def actions(
        self, uri: str, line: int, column: int = 0, only: list[str] | None = None
    ) -> list[types.CodeAction]:
        """Return what is offered at a position."""
        where = types.Range(types.Position(line, column), types.Position(line, column))
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(types.TextDocumentIdentifier(uri), where, types.CodeActionContext([], only=only))
        )
        return [each for each in found or () if isinstance(each, types.CodeAction)]

    async def resolved(self, action: types.CodeAction) -> types.WorkspaceEdit:
        """Return the edit of an action."""
        edit = (await self.client.code_action_resolve_async(action)).edit
        assert edit is not None
        return edit


def progress_kinds(editor: Editor, token: str) -> list[str]:
    """Return what was told of the work *token*: begin, report, end."""
    found = [value for key, values in editor.partial.items() if str(key).startswith(token) for value in values]
    return [value["kind"] if isinstance(value, dict) else value.kind for value in found]


def codes(found: Any) -> list[str]:
    """Return the codes of diagnostics, sorted."""
    return sorted(str(each.code) for each in found)


def after(text: str, edit: types.WorkspaceEdit, uri: str) -> str:
    """Return *text* with the edits of *uri* applied, columns in UTF-16 units."""
    edits: list[Any] = list((edit.changes or {}).get(uri, ()))
    for change in edit.document_changes or ():
        if isinstance(change, types.TextDocumentEdit) and change.text_document.uri == uri:
            edits += change.edits
    lines = text.splitlines(keepends=True) + [""]

    def offset(position: types.Position) -> int:
        line = lines[position.line].encode("utf-16-le")
        return sum(map(len, lines[: position.line])) + len(line[: 2 * position.character].decode("utf-16-le"))

    spans = sorted(((offset(each.range.start), offset(each.range.end), each.new_text) for each in edits), reverse=True)
    for start, end, new in spans:
        text = text[:start] + new + text[end:]
    return text


@asynccontextmanager
async def editor(kind: str, root: Path, **start: Any) -> AsyncIterator[Editor]:
    """Run an editor of *kind* on the folder *root*."""
    made = Editor(kind, root)
    try:
        await made.start(**start)
        yield made
    except BaseException:
        if made.client._server is not None and made.client._server.returncode is None:
            made.client._server.kill()
            await made.client._server.wait()
        await made.client.stop()  # type: ignore[no-untyped-call]
        raise
    await asyncio.wait_for(made.stop(), PATIENCE)


@asynccontextmanager
async def _timeout(seconds: float) -> AsyncIterator[None]:
    task = asyncio.current_task()
    assert task is not None
    handle = asyncio.get_running_loop().call_later(seconds, task.cancel)
    try:
        yield
    finally:
        handle.cancel()
