"""Hover, definition, references, code lenses and completion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from testlsp.lsp.places import path_of, position, range_of, uri_of
from testlsp.lsp.slices import in_slices

if TYPE_CHECKING:
    from testlsp.ide.fixtures import Place
    from testlsp.lsp.server import Server
    from testlsp.lsp.session import Session
    from testlsp.semantic.fixtures import Fixture

SHOW = "testlsp.showPlaces"
Asked = types.HoverParams | types.DefinitionParams | types.ReferenceParams | types.CompletionParams


def register(server: Server) -> None:
    """Offer the features of this module."""
    session = server.session

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        await session.wait_current()
        fixture = _fixture(session, params)
        if fixture is not None:
            await _read_users(session, [fixture])
        return _hover(session, params)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def definition(params: types.DefinitionParams) -> types.Location | None:
        from testlsp.ide import fixtures

        await session.wait_current()
        fixture = _fixture(session, params)
        snapshot = session.project.snapshot()
        if fixture is not None:
            await in_slices(snapshot.reading(fixture.path))
        place = fixtures.definition(snapshot, fixture) if fixture is not None else None
        return _location(session, place) if place is not None else None

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def references(params: types.ReferenceParams) -> list[types.Location]:
        from testlsp.ide import fixtures

        await session.wait_current()
        fixture = _fixture(session, params)
        if fixture is None:
            return []
        snapshot = session.project.snapshot()
        await in_slices(snapshot.reading(fixture.path))
        found = await in_slices(fixtures.referring(snapshot, fixture, params.context.include_declaration))
        return [_location(session, place) for place in found]

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        await session.wait_current()
        return await session.lenses.answer(params.text_document.uri)

    options = types.CompletionOptions(trigger_characters=["[", '"', "'", ","], resolve_provider=False)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    async def completion(params: types.CompletionParams) -> list[types.CompletionItem]:
        await session.wait_ready()
        return _completion(session, params)


async def _read_users(session: Session, asked: Iterable[Fixture]) -> None:
    from testlsp.ide.fixtures import reading_users

    await in_slices(reading_users(session.project.snapshot(), asked))


def _offset(session: Session, params: Asked) -> tuple[str, int] | None:
    path = path_of(params.text_document.uri)
    document = session.document(path)
    if document is None:
        return None
    return path, document.lines.offset(params.position.line, params.position.character, session.client.unit)


def _location(session: Session, place: Place) -> types.Location:
    uri = session.uris.get(place.path) if place.path in session.project.documents else None
    return types.Location(uri or uri_of(place.path), range_of(place.lines, place.range, session.client.unit))


def _fixture(session: Session, params: Asked) -> Fixture | None:
    from testlsp.ide import fixtures

    where = _offset(session, params)
    if where is None or where[0] in session.texts or not session.options.definitions:
        return None
    found = fixtures.fixture_at(session.project.snapshot(), *where)
    return found[0] if found is not None else None


def _hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    from testlsp.ide.hover import hover

    where = _offset(session, params)
    if where is None or where[0] in session.texts:
        return None
    found = hover(session.project.snapshot(), *where, fixtures=session.options.definitions)
    if found is None:
        return None
    kind = types.MarkupKind.Markdown if session.client.markdown else types.MarkupKind.PlainText
    lines = session.project.documents[where[0]].lines
    return types.Hover(types.MarkupContent(kind, found.text), range_of(lines, found.range, session.client.unit))


async def lenses_of(session: Session, uri: str) -> list[types.CodeLens]:
    """Return the code lenses of an open document."""
    from testlsp.ide import fixtures

    path = path_of(uri)
    if path not in session.project.documents or not session.options.code_lens:
        return []
    await _read_users(session, session.project.snapshot().files[path].summary.fixtures)
    document = session.project.documents.get(path)
    if document is None:
        return []
    lenses = []
    for lens in fixtures.lenses(session.project.snapshot(), path):
        where = range_of(document.lines, lens.range, session.client.unit)
        places = [_location(session, place) for place in lens.places]
        arguments = [uri, where.start, places]
        lenses.append(types.CodeLens(where, types.Command(lens.title, SHOW, arguments=arguments)))
    return lenses


def _completion(session: Session, params: types.CompletionParams) -> list[types.CompletionItem]:
    from testlsp.ide.completion import in_python, in_settings

    where = _offset(session, params)
    if where is None:
        return []
    path, offset = where
    document = session.document(path)
    assert document is not None
    lines = document.lines
    rules = session.rules
    if path in session.texts:
        toml = path.endswith(".toml")
        found = in_settings(lines.text, offset, rules, path.endswith("testlsp.toml")) if toml else []
    else:
        found = in_python(lines.text, offset, rules)
    here = position(lines, offset, session.client.unit)
    return [
        types.CompletionItem(
            label=each.label,
            kind=types.CompletionItemKind.EnumMember,
            detail=each.detail,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, each.documentation)
            if each.documentation
            else None,
            text_edit=types.TextEdit(
                types.Range(position(lines, each.range.start, session.client.unit), here), each.label
            ),
        )
        for each in found
    ]
