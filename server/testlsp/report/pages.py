"""Pages about rules: Markdown made from the classes, which are their only source.

``python -m testlsp.report.pages --write FOLDER`` brings the pages in a folder up to date, ``--check FOLDER`` says what
would change.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from testlsp.config.settings import SettingInfo, describe
from testlsp.lint import Bad, Good, Rule
from testlsp.lint.examples import Example
from testlsp.report.rule_facts import fix_grade, prose

INDEX = "README.md"
FAMILIES = {
    "environ": "Environment variables",
    "process_state": "Process-wide state",
    "assertions": "Permissive assertions",
    "fixtures": "Fixtures and scopes",
    "seams": "Seams",
    "flakiness": "Flakiness",
    "suppressions": "Suppressions",
}
_GENERATED = "<!-- Generated from {} by `python -m testlsp.report.pages --write rules/docs`. Do not edit. -->"
_MARK = "<!-- Generated from "
_SILENCING = (
    "Where it is meant that way: `# testlsp: ignore[{}] -- the reason`, on the line of the finding, or on the line of "
    "`def` for the whole function."
)
_GRADING = "[How fixes are graded](fixes.md) says who applies which."
_INTRODUCTION = """\
Each page says what the rule finds and why that matters, with an example and its remedy, what the rule leaves alone on
purpose, and which settings it has. In the column "fix", *safe* means that `--fix` applies every rewrite of the rule,
and *depends* that some of them need `--unsafe-fixes` or a decision.

- [How fixes are graded](fixes.md), and who applies which
- [Writing a rule](writing-rules.md), from an empty file to a tested rule"""
_GRADES = {
    "none": "no fix",
    "safe": "fix: safe",
    "unsafe": "fix: needs `--unsafe-fixes`, or a decision, in some cases",
}


def page(rule: type[Rule], rules: Sequence[type[Rule]] = ()) -> str:
    """Return the page about *rule*; *rules* are those that have pages to link to."""
    parts = prose(rule)
    blocks = [
        f"# {rule.name} ({rule.code})",
        _GENERATED.format(f"`{rule.__module__}`"),
        _facts(rule),
        "## What it finds",
        parts.what,
    ]
    blocks += ["## Why it matters", parts.why, f"Source: {_source(rule.source)}"]
    blocks += [*_canonical(rule), "## Safety of the fix", _safety(rule, parts.safety)]
    blocks += _further(rule) + _settings(rule) + _related(rule, rules)
    blocks += ["## Silencing it", _SILENCING.format(rule.name)]
    return "\n\n".join(blocks) + "\n"


def _facts(rule: type[Rule]) -> str:
    facts = [
        f"Family: [{FAMILIES.get(rule.family, rule.family)}]({INDEX}#{_anchor(rule.family)})",
        f"severity: {rule.severity.value}",
        "on by default" if rule.default else "off by default",
        _GRADES[fix_grade(rule)],
        f"since {rule.since}",
    ]
    return " · ".join(facts)


def _source(source: str) -> str:
    return f"<{source}>" if source.startswith("http") else source


def _safety(rule: type[Rule], explained: str) -> str:
    """Return what a user should know before applying a fix; *explained* is what the rule itself says of it."""
    if explained:
        return f"{explained}\n\n{_GRADING}"
    if fix_grade(rule) == "safe":
        return f"Safe: it keeps what every test means, and `--fix` applies it.\n\n{_GRADING}"
    return "There is no fix: what should stand there instead is for a person to say."


def _anchor(family: str) -> str:
    return FAMILIES.get(family, family).lower().replace(" ", "-")


def _canonical(rule: type[Rule]) -> list[str]:
    """Return the canonical case and its remedy."""
    bad = next((example for example in rule.examples if isinstance(example, Bad)), None)
    good = next((example for example in rule.examples if isinstance(example, Good)), None)
    if bad is None:
        return []
    blocks = ["## Example", _code(bad), _findings(rule, bad)]
    if bad.fixed is not None:
        blocks += [
            "Use instead:" if not bad.fixed_files else "Use instead, with changes in other files:",
            _fence(bad.fixed),
        ]
    elif good is not None:
        blocks += ["Use instead:", _code(good)]
    for title, code in bad.alternatives.items():
        if code != bad.fixed:
            blocks += [f'Or, with the fix "{title}":', _fence(code)]
    return blocks


def _findings(rule: type[Rule], bad: Bad) -> str:
    said = []
    for expected in bad.expected:
        line = bad.code.count("\n", 0, expected.range.start) + 1
        said.append(f"- line {line}: {expected.message or rule.message}")
    return "\n".join(said)


def _further(rule: type[Rule]) -> list[str]:
    """Return what is deliberately not reported, as far as the examples give a reason."""
    reasoned = [example for example in rule.examples if isinstance(example, Good) and example.why]
    blocks: list[str] = []
    for example in reasoned:
        blocks += [_sentence(example.why), *_with_settings(example), _code(example)]
    return ["## What it leaves alone", *blocks] if blocks else []


def _sentence(text: str) -> str:
    """Return *text* with a capital letter and a full stop, so that all pages read alike."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ":", "?", "!")) else ".")


def _with_settings(example: Example) -> list[str]:
    if not example.settings:
        return []
    import json

    lines = [f"{key.replace('_', '-')} = {json.dumps(value)}" for key, value in example.settings.items()]
    return ["```toml\n" + "\n".join(lines) + "\n```"]


def _code(example: Example) -> str:
    files = [f"# {name}\n{text}" for name, text in example.files.items()]
    if files:
        return _fence("\n".join([*files, f"# {example.path}\n{example.code}"]))
    return _fence(example.code)


def _fence(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"


def _settings(rule: type[Rule]) -> list[str]:
    keys = (*rule.options, *(("defer-to-ruff",) if rule.ruff else ()))
    if not keys:
        return ["## Settings", "None of its own."]
    infos = {info.key: info for info in describe()}
    listed = "\n".join(_setting(infos[key]) for key in keys if key in infos)
    return ["## Settings", listed, *_by_settings(rule)]


def _by_settings(rule: type[Rule]) -> list[str]:
    """Return what the rule finds or makes with other settings; what it then leaves alone stands elsewhere."""
    blocks: list[str] = []
    for example in rule.examples:
        if not isinstance(example, Bad) or not example.settings:
            continue
        blocks += [_sentence(example.why or "with these settings:"), *_with_settings(example), _code(example)]
        blocks += ["becomes", _fence(example.fixed)] if example.fixed is not None else [_findings(rule, example)]
    return blocks


def _setting(info: SettingInfo) -> str:
    import json

    return f"- `{info.key}` ({info.type}, by default `{json.dumps(info.default)}`): {info.meaning}"


def _related(rule: type[Rule], rules: Sequence[type[Rule]]) -> list[str]:
    known = {other.code: other for other in rules}
    lines = []
    for word in rule.related:
        other = known.get(word)
        lines.append(f"- [{other.name}]({other.name}.md) ({other.code})" if other is not None else f"- {word}")
    for code in rule.ruff:
        lines = [line for line in lines if line != f"- {code} (ruff)"]
        lines.append(f"- {code} (ruff) reports the same; where the project runs it, this rule is silent")
    return ["## Related rules", "\n".join(lines) or "None known, here or in other linters."]


def index(rules: Sequence[type[Rule]]) -> str:
    """Return the page that lists *rules* by family."""
    families = {family: [rule for rule in rules if rule.family == family] for family in FAMILIES}
    links = [
        f"- [{FAMILIES[family]}](#{_anchor(family)}): {own[0].code} to {own[-1].code}"
        for family, own in families.items()
        if own
    ]
    blocks = [
        "# Rules",
        _GENERATED.format("the classes of the rules"),
        _INTRODUCTION,
        "The families:",
        "\n".join(links),
    ]
    for family, own in families.items():
        if own:
            rows = [
                f"| {rule.code} | [{rule.name}]({rule.name}.md) | {prose(rule).what} | {_short(rule)} |" for rule in own
            ]
            blocks += [
                f"## {FAMILIES[family]}",
                "\n".join(["| code | name | finds | fix |", "|---|---|---|---|", *rows]),
            ]
    return "\n\n".join(blocks) + "\n"


def _short(rule: type[Rule]) -> str:
    return {"none": "", "safe": "safe", "unsafe": "depends"}[fix_grade(rule)] + (
        "" if rule.default else " (off by default)"
    )


def pages(rules: Sequence[type[Rule]]) -> dict[str, str]:
    """Return the text of every page by file name."""
    return {INDEX: index(rules), **{f"{rule.name}.md": page(rule, rules) for rule in rules}}


def stale(folder: str, wanted: dict[str, str]) -> list[str]:
    """Return the names of files in *folder* that are not as *wanted*: missing, different, or of a rule that is gone.

    Pages that somebody wrote by hand lie in the same folder and are left alone.
    """
    present = {name for name in os.listdir(folder) if name.endswith(".md")} if os.path.isdir(folder) else set()
    texts = {name: _read(os.path.join(folder, name)) or "" for name in present}
    gone = {name for name, text in texts.items() if name not in wanted and _MARK in text}
    return sorted(gone | {name for name, text in wanted.items() if texts.get(name) != text})


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except OSError:
        return None


def main(arguments: Sequence[str]) -> int:
    """Run the command described above; status 1 when pages are not current."""
    from testlsp.builtin import all_rules

    if len(arguments) != 2 or arguments[0] not in ("--check", "--write"):
        sys.stderr.write("usage: python -m testlsp.report.pages --check|--write FOLDER\n")
        return 2
    wanted, folder = pages(all_rules()), arguments[1]
    changed = stale(folder, wanted)
    if arguments[0] == "--check":
        sys.stdout.writelines(f"not current: {name}\n" for name in changed)
        return 1 if changed else 0
    os.makedirs(folder, exist_ok=True)
    for name in changed:
        path = os.path.join(folder, name)
        if name not in wanted:
            os.unlink(path)
            continue
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(wanted[name])
    sys.stdout.write(f"{len(changed)} pages changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
