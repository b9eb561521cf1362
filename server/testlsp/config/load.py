"""From the text of a configuration file to a layer of settings, and from layers to `Settings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from testlsp.config.globs import anchored
from testlsp.config.problems import ConfigProblem, unknown
from testlsp.config.settings import PytestSettings, RuffSettings, Settings, defaults, key_of, setting_names
from testlsp.config.toml_text import BrokenToml, line_of, parse_toml
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# Keys that add to what a lower layer says instead of replacing it.
_ADDING = frozenset({"extend_select", "ignore", "extend_exclude", "unfixable"})
_GLOBS = frozenset({"exclude", "extend_exclude", "integration_paths"})


class Layer(NamedTuple):
    """What one source says: a file, the editor or the command line.

    *values* holds settings by field name, in types that JSON has (lists and tuples mean the same). *base* is the
    absolute folder that relative globs belong to.
    """

    source: str
    base: str = ""
    values: Mapping[str, Any] = {}


class Loaded(NamedTuple):
    """What was read from one source; *layer* is None if it says nothing about testlsp."""

    layer: Layer | None
    problems: tuple[ConfigProblem, ...] = ()


def read_testlsp_toml(path: str, text: str, base: str = "") -> Loaded:
    """Read the *text* of a ``testlsp.toml``; broken TOML gives an empty layer and a problem."""
    document = parse_toml(text)
    if isinstance(document, BrokenToml):
        return Loaded(Layer(path, base), (broken(path, document),))
    return read_table(document, path, base, text=text)


def read_pyproject(path: str, text: str, base: str = "") -> Loaded:
    """Read the table ``[tool.testlsp]`` of the *text* of a ``pyproject.toml``; without the table there is no layer."""
    if "testlsp" not in text:
        return Loaded(None)
    document = parse_toml(text)
    if isinstance(document, BrokenToml):
        return Loaded(None, (broken(path, document),))
    return read_pyproject_document(document, path, base, text)


def read_pyproject_document(document: Mapping[str, Any], path: str, base: str, text: str) -> Loaded:
    """Read ``[tool.testlsp]`` from a parsed ``pyproject.toml`` whose text is *text*."""
    tool = document.get("tool")
    if not isinstance(tool, dict) or "testlsp" not in tool:
        return Loaded(None)
    return read_table(tool["testlsp"], path, base, text=text, prefix=("tool", "testlsp"))


def broken(path: str, error: BrokenToml) -> ConfigProblem:
    """Return the problem that the file *path* is no TOML."""
    return ConfigProblem(path, error.line, "", f"this is not valid TOML: {error.message}")


def read_table(table: object, source: str, base: str = "", *, text: str = "", prefix: Sequence[str] = ()) -> Loaded:
    """Validate *table*, the settings by the keys users write, as they come from a file, an editor or a command line.

    A setting that is wrong is left out and reported; *text* and *prefix* (the path of the table in it) serve to find
    its line.
    """
    if not isinstance(table, dict):
        line = line_of(text, prefix)
        message = f"`{'.'.join(prefix) or 'settings'}` must be a table"
        return Loaded(Layer(source, base), (ConfigProblem(source, line, ".".join(prefix), message),))
    if not table:
        return Loaded(Layer(source, base))
    from pydantic import ValidationError

    from testlsp.config.options import Options

    problems: list[ConfigProblem] = []
    # JSON has only text for keys, and so has TOML; an editor's values may not.
    kept: dict[str, Any] = {str(key): value for key, value in table.items()}
    while True:
        try:
            options = Options.model_validate(kept)
            break
        except ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
        for key, detail in {str(each["loc"][0]): each for each in reversed(details)}.items():
            kept.pop(key, None)
            line = line_of(text, [*prefix, key, *_tail(detail)])
            problems.append(ConfigProblem(source, line, key, _message(key, detail)))
    problems.sort(key=lambda problem: problem.line)
    values = options.model_dump(exclude_unset=True, exclude_none=True)
    return Loaded(Layer(source, base, values), tuple(problems))


def _tail(detail: ErrorDetails) -> list[str]:
    """Return the keys inside a table that the error is about."""
    first = detail["loc"][1:2]
    return [first[0]] if first and isinstance(first[0], str) else []


def _message(key: str, detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return unknown("setting", key, map(key_of, setting_names()))
    where = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"][1:] if part != "[key]"
    )
    reason = detail["msg"].removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    reason = reason.replace("input should be", "must be").replace("a valid boolean", "true or false")
    reason = reason.replace("a valid dictionary", "a table").replace("a valid ", "a ")
    given = "" if detail["type"] in ("value_error", "missing") else f", not {detail['input']!r}"
    return f"`{key}{where}`: {reason}{given}"


def parse_override(argument: str, base: str = "") -> Loaded:
    """Read ``key=value`` of ``--config``; the value is TOML, and a bare word counts as text."""
    source = "command line"
    key, equals, value = argument.partition("=")
    key = key.strip().removeprefix("tool.testlsp.")
    if not equals or not key:
        return Loaded(None, (ConfigProblem(source, 0, key, f"`{argument}` is not of the form `key = value`"),))
    document = parse_toml(f"{key} = {value}")
    if isinstance(document, BrokenToml):
        document = parse_toml(f"{key} = {_quoted(value.strip())}")
    if isinstance(document, BrokenToml):
        return Loaded(None, (ConfigProblem(source, 0, key, f"`{argument}` is not valid TOML: {document.message}"),))
    return read_table(document, source, base)


def _quoted(value: str) -> str:
    import json

    return json.dumps(value) if value[:1] not in "[{\"'" else value


def merge(
    layers: Sequence[Layer],
    *,
    root: str = "",
    pytest: PytestSettings | None = None,
    ruff: RuffSettings | None = None,
    requires_python: str = "",
) -> Settings:
    """Return the settings that *layers* give, the first being the weakest (file, editor, command line).

    A layer replaces what those below say, except that `extend-select`, `ignore`, `unfixable` and `extend-exclude` add
    to it; a new `select` forgets the `extend-select` below, and naming a rule in `select` or `extend-select` lifts an
    `ignore` of the same selector below, because who speaks last is right.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _lift(values, layer.values)
        for name, raw in layer.values.items():
            value = _frozen(name, raw)
            if name in _GLOBS and layer.base and layer.base != root:
                value = tuple(anchored(glob, layer.base) for glob in value)
            elif name == "per_file_ignores" and layer.base and layer.base != root:
                value = tuple((_anchored_negation(glob, layer.base), selectors) for glob, selectors in value)
            if name in _ADDING and name in values:
                value = tuple(dict.fromkeys(values[name] + value))
                origins[key_of(name)] += ", " + layer.source
            else:
                origins[key_of(name)] = layer.source
            values[name] = value
    return defaults()._replace(
        **values,
        root=root,
        requires_python=requires_python,
        pytest=pytest or defaults().pytest,
        ruff=ruff,
        origins=origins,
    )


def _lift(values: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Take out of *values* what the layer *above* them revokes by selecting anew."""
    if "select" in above:
        values.pop("extend_select", None)
    named = {*above.get("select", ()), *above.get("extend_select", ())}
    if named and "ignore" in values:
        values["ignore"] = tuple(selector for selector in values["ignore"] if selector not in named)


def _anchored_negation(glob: str, folder: str) -> str:
    return "!" + anchored(glob[1:], folder) if glob.startswith("!") else anchored(glob, folder)


def _frozen(name: str, value: object) -> Any:
    if name == "allow_status_sets" and isinstance(value, (list, tuple)):
        return tuple(frozenset(codes) for codes in value)
    if isinstance(value, Mapping):
        return tuple((key, _frozen("", item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen("", item) for item in value)
    return value
