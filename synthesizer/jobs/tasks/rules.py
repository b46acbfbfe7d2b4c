"""Rules of a project that say which executions attempt which task, whatever soma would have found.

A snapshot carries the rules of its project as its attribute ``task_rules``; every job that asks for tasks then follows
them. Patterns are of two kinds, neither of which can run away on hostile text: globs, matched piece by piece, and RE2
expressions, matched in time linear in the text (Cox, *Regular Expression Matching Can Be Simple And Fast*, 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from soma.config import TaskRule
from soma.errors import ConfigError
from soma.globs import glob

from .model import Attempt, RuleUse

Labels = Mapping[str, Mapping[str, str]]
Holds = Callable[[Attempt], bool]


class Ruling(msgspec.Struct, frozen=True):
    """What the rules decided.

    Attributes:
        named: Execution to the task a rule names.
        excluded: Executions a rule keeps out of every comparison.
        uses: How often each rule decided, in the order of the rules.
    """

    named: dict[str, str]
    excluded: frozenset[str]
    uses: tuple[RuleUse, ...]


def need_labels(rules: Iterable[TaskRule]) -> bool:
    """Whether some rule asks for labels."""
    return any(rule.labels for rule in rules)


def ruling(attempts: Sequence[Attempt], rules: Sequence[TaskRule], labels: Labels | None = None) -> Ruling:
    """Which rule decides each execution: the first that holds.

    Raises:
        ConfigError: if a regular expression cannot be used.
    """
    if not rules:
        return Ruling({}, frozenset(), ())
    texts = sorted({attempt.task_text for attempt in attempts if attempt.task_text})
    tests = [_test(rule, number, texts, labels or {}) for number, rule in enumerate(rules, 1)]
    decided, met = [0] * len(rules), [0] * len(rules)
    named: dict[str, str] = {}
    excluded: set[str] = set()
    for attempt in attempts:
        holding = [place for place, holds in enumerate(tests) if holds(attempt)]
        for place in holding:
            met[place] += 1
        if not holding:
            continue
        first = rules[holding[0]]
        decided[holding[0]] += 1
        if first.task is None:
            excluded.add(attempt.execution_id)
        else:
            named[attempt.execution_id] = first.task.strip()
    uses = tuple(
        RuleUse(number=place + 1, task=rule.task, conditions=conditions(rule), executions=decided[place],
                shadowed=met[place] - decided[place])
        for place, rule in enumerate(rules)
    )  # fmt: skip
    return Ruling(named, frozenset(excluded), uses)


def conditions(rule: TaskRule) -> str:
    """The conditions of a rule in words: ``agent clerk*, text digest of *``."""
    told = [(name, getattr(rule, name)) for name in ("id", "text", "regex", "agent")]
    words = [f"{name} {value}" for name, value in told if value is not None]
    return ", ".join([*words, *(f"label {name} {value}" for name, value in sorted(rule.labels.items()))])


def _test(rule: TaskRule, number: int, texts: Sequence[str], labels: Labels) -> Holds:
    agents = glob(rule.agent) if rule.agent is not None else None
    ids = glob(rule.id) if rule.id is not None else None
    said: set[str] | None = None
    if rule.text is not None:
        pattern = glob(_folded(rule.text))
        said = {text for text in texts if pattern.match(_folded(text))}
    if rule.regex is not None:
        found = _searched(rule.regex, number, texts)
        said = found if said is None else said & found
    wanted = [(name, glob(value)) for name, value in sorted(rule.labels.items())]

    def holds(attempt: Attempt) -> bool:
        if agents is not None and not agents.match(attempt.agent_id):
            return False
        if ids is not None and not (attempt.task_id and ids.match(attempt.task_id)):
            return False
        if said is not None and attempt.task_text not in said:
            return False
        own = labels.get(attempt.execution_id, {}) if wanted else {}
        return all(name in own and pattern.match(own[name]) for name, pattern in wanted)

    return holds


@lru_cache(maxsize=65536)
def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _searched(pattern: str, number: int, texts: Sequence[str]) -> set[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_pylist()
    except pa.ArrowInvalid as problem:
        where, hint = f"task rule {number}: {pattern}", "RE2 syntax: no look-around, no back-references"
        raise ConfigError(f"the expression cannot be used: {problem}", where=where, hint=hint) from problem
    return {text for text, hit in zip(texts, found, strict=True) if hit}
