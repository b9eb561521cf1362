"""Write the server's settings into package.json, from the one place where they are declared; `--check` only compares.

Each becomes `testlsp.<camelCase>` with the default null, which means "not set here": a default of the editor must not
override what a project's configuration file says.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE.parent / "server"))

from testlsp.config.settings import SettingInfo, describe  # noqa: E402 - from the checkout, whatever is installed
from testlsp.lsp.options import ServerOptions  # noqa: E402

MANIFEST = HERE / "package.json"
TITLE = "Rules and files"

# An editor names no files on a command line.
NOT_IN_EDITORS = {"force-exclude"}

TEXTS = {"type": "array", "items": {"type": "string"}}
SEVERITIES = {"type": "string", "enum": ["error", "warning", "information", "hint"]}


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON schema of a value of *kind*, a type in the words of `testlsp config`."""
    if kind == "true or false":
        return {"type": "boolean"}
    if kind == "whole number":
        return {"type": "integer", "minimum": 1}
    if kind == "whole number, or 0":
        return {"type": "integer", "minimum": 0}
    if kind == "number":
        return {"type": "number", "minimum": 0}
    if kind == "string":
        return {"type": "string"}
    if kind.startswith("one of "):
        return {"type": "string", "enum": kind.removeprefix("one of ").split(", ")}
    if kind == "list of lists of status codes":
        return {
            "type": "array",
            "items": {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}},
        }
    if kind.startswith("list of "):
        return TEXTS
    if kind.startswith("table of lists of "):
        return {"type": "object", "additionalProperties": TEXTS}
    if kind == "table of error, warning, information or hint":
        return {"type": "object", "additionalProperties": SEVERITIES}
    raise ValueError(f"no schema is known for a setting of the type {kind!r}")


def camel(key: str) -> str:
    """Return *key* as editors spell it: `extend-select` is `extendSelect`."""
    return re.sub(r"-(\w)", lambda match: match[1].upper(), key)


def nullable(made: dict[str, Any]) -> dict[str, Any]:
    """Allow null besides what *made* allows."""
    allowed = {**made, "type": [made["type"], "null"]}
    return {**allowed, "enum": [*made["enum"], None]} if "enum" in made else allowed


def described(info: SettingInfo) -> str:
    """Return the text under the setting: its meaning, its key in a configuration file, and its default."""
    default = json.dumps(info.default)
    shown = f", or `{default}`" if len(default) < 60 else ""
    return f"{info.meaning}\n\nAs `{info.key}` in a configuration file. Not set: what that says{shown}."


def properties() -> dict[str, Any]:
    """Return the settings as `contributes.configuration` wants them."""
    return {
        f"testlsp.{camel(info.key)}": {
            **nullable(schema(info.type)),
            "default": None,
            "markdownDescription": described(info),
            "scope": "resource",
        }
        for info in describe()
        if info.key not in NOT_IN_EDITORS
    }


def missing(manifest: dict[str, Any]) -> list[str]:
    """Return the options of the server itself that *manifest*, where they stand by hand, lacks or has otherwise."""
    written = {
        key: value for part in manifest["contributes"]["configuration"] for key, value in part["properties"].items()
    }
    wanted = {f"testlsp.{camel(each.name.replace('_', '-'))}": each.default for each in fields(ServerOptions)}
    return [key for key, default in wanted.items() if written.get(key, {}).get("default") != default]


def main() -> int:
    """Write or compare; 1 if the comparison fails."""
    before = MANIFEST.read_text("utf-8")
    manifest = json.loads(before)
    sections = [each for each in manifest["contributes"]["configuration"] if each["title"] != TITLE]
    sections.append({"title": TITLE, "order": 2, "properties": properties()})
    manifest["contributes"]["configuration"] = sections
    if wrong := missing(manifest):
        print(f"the server's own {', '.join(wrong)} must be in package.json, with its default", file=sys.stderr)
        return 1
    after = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    if json.loads(before) == manifest:
        return 0
    if "--check" in sys.argv[1:]:
        print('package.json is not in step with the server: run "npm run settings"', file=sys.stderr)
        return 1
    MANIFEST.write_text(after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
