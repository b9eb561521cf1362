"""What the client can do, asked once and kept as plain truths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from testlsp.text import ColumnUnit


@dataclass(frozen=True, slots=True)
class Client:
    """The client's capabilities as far as they matter here."""

    unit: ColumnUnit = "utf-16"
    pulls: bool = False
    """It asks for diagnostics itself."""
    pull_refresh: bool = False
    related_documents: bool = False
    lens_refresh: bool = False
    related: bool = False
    links: bool = False
    """It shows ``codeDescription``."""
    tags: frozenset[int] = frozenset()
    literals: bool = False
    """It takes code actions, not only commands."""
    resolves_edits: bool = False
    preferred: bool = False
    document_changes: bool = False
    annotations: bool = False
    apply_edit: bool = False
    watches: bool = False
    configuration: bool = False
    configuration_registration: bool = False
    progress: bool = False
    snippets: bool = False
    markdown: bool = False


def client_of(params: types.InitializeParams) -> Client:
    """Return what *params* say about the client."""
    capabilities = params.capabilities

    def has(path: str) -> Any:
        value: Any = capabilities
        for name in path.split("."):
            value = getattr(value, name, None)
            if value is None:
                return None
        return value

    tags = has("text_document.publish_diagnostics.tag_support.value_set") or ()
    resolved = has("text_document.code_action.resolve_support.properties") or ()
    formats = has("text_document.hover.content_format") or ()
    return Client(
        unit=unit_of(capabilities),
        pulls=has("text_document.diagnostic") is not None,
        pull_refresh=bool(has("workspace.diagnostics.refresh_support")),
        related_documents=bool(has("text_document.diagnostic.related_document_support")),
        lens_refresh=bool(has("workspace.code_lens.refresh_support")),
        related=bool(has("text_document.publish_diagnostics.related_information"))
        or bool(has("text_document.diagnostic.related_information")),
        links=bool(has("text_document.publish_diagnostics.code_description_support"))
        or bool(has("text_document.diagnostic.code_description_support")),
        tags=frozenset(int(tag) for tag in tags),
        literals=has("text_document.code_action.code_action_literal_support") is not None,
        resolves_edits="edit" in resolved and bool(has("text_document.code_action.data_support")),
        preferred=bool(has("text_document.code_action.is_preferred_support")),
        document_changes=bool(has("workspace.workspace_edit.document_changes")),
        annotations=has("workspace.workspace_edit.change_annotation_support") is not None,
        apply_edit=bool(has("workspace.apply_edit")),
        watches=bool(has("workspace.did_change_watched_files.dynamic_registration")),
        configuration=bool(has("workspace.configuration")),
        configuration_registration=bool(has("workspace.did_change_configuration.dynamic_registration")),
        progress=bool(has("window.work_done_progress")),
        snippets=bool(has("text_document.completion.completion_item.snippet_support")),
        markdown=types.MarkupKind.Markdown in formats,
    )


def unit_of(capabilities: types.ClientCapabilities) -> ColumnUnit:
    """Return the unit of columns: the first that the client names and we know, as pygls chooses it."""
    wanted = capabilities.general.position_encodings if capabilities.general else None
    for encoding in wanted or ():
        value = encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding
        if value == "utf-8":
            return "utf-8"
        if value == "utf-16":
            return "utf-16"
        if value == "utf-32":
            return "utf-32"
    return "utf-16"
