"""Taking out the findings that comments silence, and judging comments that silence nothing.

Most files hold no such comment; for them nothing is read and nothing imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from testlsp.lint.diagnostic import Diagnostic, Severity
from testlsp.lint.rule import Rule
from testlsp.text import TextRange
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.config.selectors import RuleKey
    from testlsp.config.settings import Settings
    from testlsp.lint.ruleset import RuleSet
    from testlsp.syntax import SourceFile

Found = list[tuple[Diagnostic, int]]
"""Findings, each with the index of its statement."""


KINDS = ("ignore", "ignore-file", "disable", "enable")


class Part(NamedTuple):
    """One name of a comment (empty: all rules), where it is written, and what it speaks of.

    With *by_line* a finding is meant that begins or ends in *scope*, which is one line; else one that begins there.
    """

    selector: str
    range: TextRange
    scope: TextRange
    by_line: bool = False

    def covers(self, finding: TextRange) -> bool:
        """Whether *finding* lies where this part speaks of."""
        start, end = self.scope
        return start <= finding.start < end or (self.by_line and start < finding.end <= end)


class Suppression(NamedTuple):
    """One comment, its range from ``#`` to the end of what belongs to it; offsets count in the file's text.

    *selectors* are the names in it, none when it means all rules. *scope* is what it speaks of, empty for an
    ``enable``. *kind* is one of `KINDS` or "noqa". *statement* is the index of the piece of the file it stands in.
    *problem* says why a comment that means to silence something cannot be understood.
    """

    range: TextRange
    selectors: tuple[str, ...]
    reason: str
    kind: str = "ignore"
    scope: TextRange = TextRange(0, 0)
    parts: tuple[Part, ...] = ()
    statement: int = 0
    problem: str = ""

    def shifted(self, distance: int, statement: int) -> Suppression:
        """Return this comment in offsets of the file, for a piece that begins at *distance*."""
        parts = tuple(
            Part(part.selector, part.range.shifted(distance), part.scope.shifted(distance), part.by_line)
            for part in self.parts
        )
        return self._replace(
            range=self.range.shifted(distance), scope=self.scope.shifted(distance), parts=parts, statement=statement
        )


def may_hold(text: str) -> bool:
    """Whether *text* can hold a comment that silences anything."""
    return "testlsp:" in text or "noqa" in text or "QA" in text  # all ways of writing it, each costs a look at the text


def suppressions(source: SourceFile) -> tuple[Suppression, ...]:
    """Return the comments of *source* that silence findings, in document order."""
    if not may_hold(source.text):
        return ()
    from testlsp.lint import directives

    return directives.suppressions(source)


class Verdict(NamedTuple):
    """What came of one comment: names that silenced nothing although their rules ran, and names that mean no rule.

    *everything* says that nothing else is in the comment, so that it can go as a whole. *unknown* pairs each name
    with the one that was probably meant.
    """

    comment: Suppression
    idle: tuple[Part, ...]
    unknown: tuple[tuple[Part, str | None], ...]
    everything: bool


class SuppressionRule(Rule):
    """A rule about the comments themselves: it is asked about each of them when all other findings are known."""

    def judge(self, source: SourceFile, verdict: Verdict) -> Diagnostic | None:
        """Return the finding about one comment, range in offsets of the file and edits in those of its statement."""
        return None

    def review(self, source: SourceFile, comment: Suppression) -> Diagnostic | None:
        """Return a finding that needs no more than the comment itself; asked of each one, whatever it silences."""
        return None


def apply_suppressions(
    source: SourceFile,
    found: Found,
    settings: Settings,
    rules: RuleSet,
    severities: Mapping[str, Severity],
    silent: Iterable[str] | None = (),
) -> tuple[Found, list[tuple[Diagnostic, Suppression]]]:
    """Return what is left of *found*, and what was silenced with the comment that did it.

    Rules about comments add their findings to what is left. *silent* are codes of rules that did not come to an end
    here, about which no comment is judged; None when that may be true of any.
    """
    if not may_hold(source.text):
        return found, []
    comments = suppressions(source)
    if not comments:
        return found, []
    sieve = _Sieve(comments, rules)
    kept, silenced = sieve.pass_through(found)
    judges = [rule for rule in rules.rules if isinstance(rule, SuppressionRule)]
    if judges and silent is not None:
        broken = any(piece.problem for piece in source.statements)
        ran = frozenset(sieve.keys) - frozenset(silent)
        own = {rule.code for rule in judges}
        for late in (False, True):
            # Names of the judging rules themselves can only be judged when those have spoken about everything else.
            verdicts = sieve.verdicts(source, ran, own, late, broken)
            about = [
                (
                    diagnostic._replace(severity=severities.get(rule.code, diagnostic.severity)),
                    verdict.comment.statement,
                )
                for verdict in verdicts
                for rule in judges
                if (diagnostic := rule.judge(source, verdict)) is not None
            ]
            if not late:
                about += [
                    (
                        diagnostic._replace(severity=severities.get(rule.code, diagnostic.severity)),
                        comment.statement,
                    )
                    for comment in comments
                    if comment.kind != "noqa"
                    for rule in judges
                    if (diagnostic := rule.review(source, comment)) is not None
                ]
            left, hushed = sieve.pass_through(about)
            kept += left
            silenced += hushed
    return kept, silenced


class _Sieve:
    """Holds back what comments silence, and remembers which parts of them did."""

    def __init__(self, comments: Sequence[Suppression], rules: RuleSet) -> None:
        self.comments = comments
        self.catalogue = rules.catalogue
        self.keys = {key.code: key for key in rules.catalogue if key.code in rules.enabled}
        self.used: set[tuple[int, int]] = set()
        self._matches: dict[tuple[str, str, bool], bool] = {}
        self._parts = [
            (number, position, part, comment)
            for number, comment in enumerate(comments)
            if comment.kind != "enable"
            for position, part in enumerate(comment.parts)
        ]

    def pass_through(self, found: Found) -> tuple[Found, list[tuple[Diagnostic, Suppression]]]:
        """Split *found* into what is left, and what is silenced with the comment that speaks of the smallest place."""
        kept: Found = []
        silenced: list[tuple[Diagnostic, Suppression]] = []
        for diagnostic, index in found:
            by: Suppression | None = None
            size = 0
            for number, position, part, comment in self._parts:
                if not part.covers(diagnostic.range) or not self._means(
                    part.selector, diagnostic.code, comment.kind == "noqa"
                ):
                    continue
                self.used.add((number, position))
                if by is None or part.scope.end - part.scope.start < size:
                    by, size = comment, part.scope.end - part.scope.start
            if by is None:
                kept.append((diagnostic, index))
            else:
                silenced.append((diagnostic, by))
        return kept, silenced

    def _means(self, selector: str, code: str, noqa: bool) -> bool:
        key = (selector, code, noqa)
        known = self._matches.get(key)
        if known is None:
            known = self._matches[key] = self._meant(selector, code, noqa)
        return known

    def _meant(self, selector: str, code: str, noqa: bool) -> bool:
        rule = self.keys.get(code)
        if not selector:
            # A comment that names nothing does not vouch for itself.
            return rule is None or rule.family != "suppressions"
        if noqa:
            return code == selector.upper()
        return rule is not None and _named(selector, rule)

    def verdicts(
        self, source: SourceFile, ran: frozenset[str], own: set[str], late: bool, broken: bool
    ) -> list[Verdict]:
        """Return what is wrong with the comments; *late* for those that name the rules about comments themselves."""
        catalogue = list(self.catalogue)
        found: list[Verdict] = []
        for number, comment in enumerate(self.comments):
            if comment.kind == "noqa" or source.statements[comment.statement].problem is not None:
                continue
            if broken and comment.kind != "ignore":
                continue
            idle: list[Part] = []
            unknown: list[tuple[Part, str | None]] = []
            judged_later = False
            for position, part in enumerate(comment.parts):
                meant = [rule for rule in catalogue if _named(part.selector, rule)] if part.selector else catalogue
                if bool(part.selector) and any(rule.code in own for rule in meant):
                    judged_later = True
                    if not late:
                        continue
                elif late:
                    continue
                if not meant and not _is_family(part.selector):
                    unknown.append((part, _nearest(part.selector, catalogue)))
                elif (number, position) not in self.used and (
                    part.scope.start == part.scope.end if comment.kind == "enable" else _complete(meant, ran, own, part)
                ):
                    idle.append(part)
            if (
                comment.problem
                and not late
                or idle
                or unknown
                or (not comment.parts and not comment.problem and not late)
            ):
                whole = not judged_later and len(idle) + len(unknown) == len(comment.parts)
                if late:
                    whole = len(idle) == len(comment.parts)
                found.append(Verdict(comment, tuple(idle), tuple(unknown), whole))
        return found


def _complete(meant: list[RuleKey], ran: frozenset[str], own: set[str], part: Part) -> bool:
    """Whether all rules ran that a name means; of a name for many rules, those that are on by default are enough."""
    wanted = {rule.code for rule in meant if rule.default or len(meant) == 1}
    if not part.selector:
        wanted -= own
    return bool(wanted) and wanted <= ran


def _named(selector: str, rule: RuleKey) -> bool:
    from testlsp.config.selectors import specificity

    plain = selector.upper() if selector[:2].lower() == "tl" and selector[2:].isdigit() else selector
    return specificity(plain, rule) >= 0


def _is_family(selector: str) -> bool:
    """Whether *selector* is a family or code of the catalogue of which there is no rule yet."""
    from testlsp.config.selectors import is_known

    return is_known(selector, ())


def _nearest(selector: str, catalogue: Iterable[RuleKey]) -> str | None:
    from testlsp.config.problems import nearest

    rules = list(catalogue)
    if selector.upper().startswith("TL"):
        return nearest(selector.upper(), [rule.code for rule in rules]) if len(selector) == 5 else None
    words = [rule.name for rule in rules]
    return nearest(selector, words if "-" in selector else [*words, *(rule.family for rule in rules)])
