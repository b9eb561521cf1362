"""``testlsp rule`` and ``testlsp config``: what can be asked without checking anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from testlsp.builtin import all_rules
from testlsp.cli.arguments import config_parser, rule_parser
from testlsp.cli.terminal import Terminal, is_terminal
from testlsp.config.problems import unknown
from testlsp.config.settings import SettingInfo, describe
from testlsp.lint import Rule


def explain_rules(arguments: list[str], terminal: Terminal) -> int:
    """Run ``testlsp rule`` and return its exit status."""
    given = rule_parser().parse_args(arguments)
    terminal.use_colours(given.color)
    rules = all_rules()
    if given.rule is None and not given.all:
        return _list(rules, given.output_format, terminal)
    chosen = rules if given.all else [rule for rule in rules if _is_named(rule, given.rule)]
    if not chosen:
        words = [word for rule in rules for word in (rule.code, rule.name)]
        terminal.error(unknown("rule", given.rule, words))
        return 2
    from testlsp.report.rule_facts import rule_object

    if given.output_format == "json":
        data = [rule_object(rule) for rule in chosen]
        terminal.write(json.dumps(data if given.all else data[0], indent=2) + "\n")
        return 0
    from testlsp.report.pages import page

    text = "\n".join(page(rule, rules) for rule in chosen)
    if given.output_format == "text":
        # Where the page comes from is for those who would edit it.
        text = "\n\n".join(block for block in text.split("\n\n") if not block.startswith("<!--"))
    if given.output_format == "text" and is_terminal(sys.stdout):
        _render(text, terminal)
    else:
        terminal.write(text)
    return 0


def _is_named(rule: type[Rule], word: str) -> bool:
    return word.upper() == rule.code or word.replace("_", "-").lower() == rule.name


def _list(rules: Sequence[type[Rule]], form: str, terminal: Terminal) -> int:
    from testlsp.report.rule_facts import fix_grade, prose, rule_object

    if form == "json":
        terminal.write(json.dumps([rule_object(rule) for rule in rules], indent=2) + "\n")
        return 0
    if form == "markdown":
        from testlsp.report.pages import index

        terminal.write(index(rules))
        return 0
    width = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        star = f"[{terminal.style.paint('*', 'cyan')}]" if fix_grade(rule) != "none" else "   "
        code = terminal.style.paint(rule.code, "red")
        terminal.write(f"{code} {star} {rule.name:<{width}}  {prose(rule).what}\n")
    return 0


def _render(text: str, terminal: Terminal) -> None:
    """Show Markdown as a person at a terminal likes to read it."""
    from rich.console import Console
    from rich.markdown import Markdown

    Console(file=sys.stdout, no_color=not terminal.style.colours).print(Markdown(text))


def explain_settings(arguments: list[str], terminal: Terminal) -> int:
    """Run ``testlsp config`` and return its exit status."""
    given = config_parser().parse_args(arguments)
    terminal.use_colours(given.color)
    infos = describe()
    chosen = infos if given.key is None else [info for info in infos if given.key.replace("_", "-") == info.key]
    if not chosen:
        terminal.error(unknown("setting", given.key, [info.key for info in infos]))
        return 2
    if given.output_format == "json":
        data = [info._asdict() for info in chosen]
        for each in data:
            del each["name"]
        terminal.write(json.dumps(data if given.key is None else data[0], indent=2) + "\n")
        return 0
    terminal.write("\n\n".join(_described(info, terminal) for info in chosen) + "\n")
    return 0


def _described(info: SettingInfo, terminal: Terminal) -> str:
    import textwrap

    meaning = textwrap.fill(info.meaning, 100, initial_indent="    ", subsequent_indent="    ")
    default = textwrap.fill(
        f"default: {toml(info.default)}", 100, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
    )
    return f"{terminal.style.paint(info.key, 'bold')} ({info.type})\n{meaning}\n{default}"


def toml(value: object) -> str:
    """Return *value*, in TOML's types, as TOML on one line."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {toml(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
