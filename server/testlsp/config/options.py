"""What a configuration file may say: the types of foreign values.

Imported only when there is such a value, because pydantic takes longer to import than a small file takes to check.
Defaults and meanings stand in `testlsp.config.settings`; None here means "not said".
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from testlsp.config.settings import DeferToRuff, Idiom, Sections, Severity


def _pattern(value: str) -> str:
    if value.startswith("^"):
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"`{value}` is not a regular expression: {error}") from error
    return value


Text = Annotated[str, Field(min_length=1)]
Texts = list[Text]
Pattern = Annotated[Text, AfterValidator(_pattern)]
Status = Annotated[int, Field(ge=100, le=599)]
Version = Annotated[str, Field(pattern=r"^3\.\d{1,2}$")]


class Options(BaseModel):
    """The keys of ``[tool.testlsp]`` or testlsp.toml, in kebab-case."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=False,
    )

    select: Texts | None = None
    extend_select: Texts | None = None
    ignore: Texts | None = None
    per_file_ignores: dict[Text, Texts] | None = None
    fixable: Texts | None = None
    unfixable: Texts | None = None
    severity: dict[Text, Severity] | None = None
    exclude: Texts | None = None
    extend_exclude: Texts | None = None
    force_exclude: bool | None = None
    respect_gitignore: bool | None = None
    python_files: Texts | None = None
    cache_dir: Text | None = None
    target_version: Version | None = None
    python: str | None = None
    src: Texts | None = None
    idiom: Idiom | None = None
    defer_to_ruff: DeferToRuff | None = None
    allow_import_time_env: list[Pattern] | None = None
    allow_status_sets: list[list[Status]] | None = None
    assertion_helpers: list[Pattern] | None = None
    assertion_fixtures: list[Pattern] | None = None
    smoke_markers: Texts | None = None
    integration_paths: Texts | None = None
    integration_markers: Texts | None = None
    sections: Sections | None = None
    headings: Texts | None = None
    max_fixture_depth: Annotated[int, Field(ge=1)] | None = None
    max_unguarded: Annotated[int, Field(ge=1)] | None = None
    max_autouse_tests: Annotated[int, Field(ge=0)] | None = None
    max_integration_steps: Annotated[int, Field(ge=1)] | None = None
    max_sleep: Annotated[float, Field(ge=0)] | None = None
