"""The editor's settings, workspace folders, and files that change behind the editor's back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from testlsp.lsp.options import split
from testlsp.lsp.places import path_of, uri_of

if TYPE_CHECKING:
    from testlsp.lsp.server import Server
    from testlsp.lsp.session import Session

log = logging.getLogger("testlsp")

_PYTHON = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**/*.py"), scheme="file")]
)


def register(server: Server) -> None:
    """Listen to changes of settings, folders and files."""
    session = server.session

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def changed(params: types.DidChangeConfigurationParams) -> None:
        await session.wait_ready()
        if params.settings:
            session.configure(_plain(params.settings))
        await pull(session)
        reconfigure(session)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        await session.wait_ready()
        gone = {path_of(folder.uri) for folder in params.event.removed}
        added = [path_of(folder.uri) for folder in params.event.added]
        session.folders = [path for path in dict.fromkeys((*session.folders, *added)) if path not in gone]
        reconfigure(session)
        session.indexing.request()
        await pull(session)
        reconfigure(session)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def watched(params: types.DidChangeWatchedFilesParams) -> None:
        await session.wait_ready()
        session.on_disk([path_of(change.uri) for change in params.changes])

    @server.feature(types.WORKSPACE_DID_CREATE_FILES, _PYTHON)
    async def created(params: types.CreateFilesParams) -> None:
        await session.wait_ready()
        session.on_disk([path_of(file.uri) for file in params.files])

    @server.feature(types.WORKSPACE_DID_RENAME_FILES, _PYTHON)
    async def renamed(params: types.RenameFilesParams) -> None:
        await session.wait_ready()
        session.on_disk([path_of(uri) for file in params.files for uri in (file.old_uri, file.new_uri)])

    @server.feature(types.WORKSPACE_DID_DELETE_FILES, _PYTHON)
    async def deleted(params: types.DeleteFilesParams) -> None:
        await session.wait_ready()
        session.on_disk([path_of(file.uri) for file in params.files])

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    async def cancelled(params: types.WorkDoneProgressCancelParams) -> None:
        await session.wait_ready()
        session.indexing.cancel(params.token)


def reconfigure(session: Session) -> None:
    """Let the project know the folders and settings of now."""
    affected = session.project.apply(session.configured())
    session.publishing.affected(affected)
    session.publishing.configuration()
    session.lenses.changed()
    if affected or session.project.unread:
        session.indexing.request()


async def pull(session: Session) -> None:
    """Ask the client for the settings of each folder, if it can be asked."""
    if not session.client.configuration:
        return
    items = [types.ConfigurationItem(scope_uri=uri_of(path), section="testlsp") for path in session.folders]
    items.append(types.ConfigurationItem(section="testlsp"))
    try:
        answers = await session.protocol.send_request_async(
            types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items)
        )
    except Exception as refusal:  # whatever the client answers, the server goes on with what it has
        log.warning("the client did not tell its settings: %s", refusal)
        return
    plain = [_plain(answer) for answer in answers or ()]
    if len(plain) != len(items):
        return
    for path, answer in zip(session.folders, plain, strict=False):
        session.folder_settings[path] = split(answer)[1] if isinstance(answer, dict) else {}
    if isinstance(plain[-1], dict) and plain[-1]:
        session.configure(plain[-1])


def _plain(value: Any) -> Any:
    """Return what pygls made of free-form JSON as dictionaries and lists again."""
    if hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


async def register_dynamically(session: Session) -> None:
    """Ask the client to watch files, and to tell of changed settings."""
    from testlsp.project.configuration import WATCHED_NAMES

    registrations = []
    if session.client.watches:
        names = ",".join(WATCHED_NAMES)
        watchers = [types.FileSystemWatcher("**/*.py"), types.FileSystemWatcher(f"**/{{{names}}}")]
        registrations.append(
            types.Registration(
                "testlsp-watch",
                types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                types.DidChangeWatchedFilesRegistrationOptions(watchers),
            )
        )
    if session.client.configuration_registration:
        registrations.append(
            types.Registration("testlsp-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": "testlsp"})
        )
    if not registrations:
        return
    try:
        await session.protocol.send_request_async(
            types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(registrations)
        )
    except Exception as refusal:  # a client may refuse; files are then noticed when they are opened
        log.warning("the client does not watch files: %s", refusal)
