"""Lessons out of choices that failed and what followed: pure, and the same whatever order rows come in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from soma.identity import digest
from soma.synthesizer.error_text import likeness, telling_line
from soma.synthesizer.stats import Difference, Stratum, benjamini_hochberg, compare, proportion
from soma.synthesizer.wording import plain

from .fix import Fix, called, fix_of
from .intent import makes_up, masks, same_intent
from .model import Evidence, Lesson, Lessons, Step, Verdict

WINDOW = 8
"""Choices after a failure in which another attempt at the same is looked for."""
ERROR_CHARS = 200
_EVIDENCE = 10
_FAILED = ("failed", "timeout")
# Words an error may consist of without saying anything.
_EMPTY = re.compile(
    r"\b(?:error|errors|exit|exited|exitcode|code|status|with|command|failed|failure|process|the|a|no|non|zero|output|"
    r"returned|aborted|abort|cancelled|canceled|interrupted|user|by|request|execution|tool|result|of|was|has|and|in|unknown|none|null|line)\b"
)


class Met(NamedTuple):
    """An error met once by an execution, and the next attempt at the same, if there was one."""

    failed: Step
    tool: str
    pattern: str
    line: str
    tried: Step | None
    fix: Fix | None
    worked: bool
    recovered: bool


class Tally(NamedTuple):
    """What became of the failures."""

    met: list[Met]
    failures: int
    wordless: int
    masked: int
    rewritten: int


def lessons_of(steps: Sequence[Step], tasks: Mapping[str, str], *, delta: float = 0.1, level: float = 0.95) -> Lessons:
    """The lessons of these steps.

    Args:
        steps: Failures and the choices that follow them closely.
        tasks: Execution to task, where it is known.
        delta: Differences of a share below this do not matter.
        level: Of the intervals; ``1 - level`` is also the false discovery rate.
    """
    tally = met_in(steps)
    kinds: dict[tuple[str, str], list[Met]] = defaultdict(list)
    for one in tally.met:
        kinds[one.tool, one.pattern].append(one)
    raw = [found for key in sorted(kinds) for found in _of_error(*key, kinds[key], tasks, level)]
    lessons = _judged(raw, delta, level)
    return Lessons(
        lessons=tuple(lessons),
        agent=None,
        tool=None,
        query=None,
        near=(),
        executions=len({step.execution_id for step in steps}),
        failures=tally.failures,
        wordless=tally.wordless,
        retried=sum(one.tried is not None for one in tally.met),
        fixed=sum(one.worked for one in tally.met),
        rewritten=tally.rewritten,
        masked=tally.masked,
        delta=delta,
        level=level,
        not_known=_not_known(steps),
    )


def met_in(steps: Sequence[Step]) -> Tally:
    """Every error with words, with the next attempt at the same."""
    met: list[Met] = []
    failures = wordless = masked = rewritten = 0
    ordered = sorted(steps, key=lambda step: (step.execution_id, step.place, step.decision_id))
    for _, group in groupby(ordered, key=lambda step: step.execution_id):
        run = list(group)
        for number, failed in enumerate(run):
            if failed.outcome not in _FAILED:
                continue
            failures += 1
            line = plain(telling_line(failed.error), ERROR_CHARS)
            pattern = likeness(line)
            if not says_something(pattern):
                wordless += 1
                continue
            found, hidden = _met(failed, line, pattern, run[number + 1 : number + 1 + WINDOW])
            masked += hidden
            rewritten += found.worked and found.fix is None
            met.append(found)
    return Tally(met, failures, wordless, masked, rewritten)


def says_something(pattern: str) -> bool:
    """Whether an error names anything beyond that there was one: ``exit code`` does not."""
    return any(len(word) > 2 for word in _EMPTY.sub(" ", pattern).split())


def _met(failed: Step, line: str, pattern: str, following: Sequence[Step]) -> tuple[Met, int]:
    call = called(failed)
    tried: Step | None = None
    fix: Fix | None = None
    worked = recovered = False
    hidden = 0
    for number, later in enumerate(following):
        if later.place - failed.place > WINDOW:
            break
        parallel = later.started_at is not None and later.started_at == failed.started_at
        if parallel or later.outcome not in ("ok", *_FAILED):
            continue
        again = called(later)
        if not same_intent(failed, call, later, again):
            continue
        good = later.outcome == "ok"
        if good and (masks(failed, call, again) or _still_says(later, pattern)):
            hidden += tried is None
            continue
        between = [step for step in following[:number] if step.outcome == "ok"]
        if good and makes_up(failed, call, again, between):
            hidden += tried is None
            continue
        recovered = recovered or good
        if tried is None:
            tried, worked = later, good
            fix = fix_of(failed, later, between)
        if recovered:
            break
    tool = failed.action if failed.role == "shell" else failed.tool
    return Met(failed, tool, pattern, line, tried, fix, worked, recovered), hidden


def _still_says(step: Step, pattern: str) -> bool:
    """Whether a call that ended well prints the same error."""
    return any(likeness(line.strip()) == pattern for line in (step.output or "").splitlines())


def _of_error(tool: str, pattern: str, met: Sequence[Met], tasks: Mapping[str, str], level: float) -> Iterator[Lesson]:
    by_fix: dict[str, list[Met]] = defaultdict(list)
    for one in met:
        if one.fix is not None:
            by_fix[one.fix.key].append(one)
    if not by_fix:
        return
    error = _most(one.line for one in met)
    by_run: dict[str, list[Met]] = defaultdict(list)
    for one in met:
        by_run[one.failed.execution_id].append(one)
    for key in sorted(by_fix):
        tries = by_fix[key]
        if any(one.worked for one in tries):
            yield _lesson(tool, pattern, error, key, tries, by_run, tasks, level)


def _lesson(
    tool: str, pattern: str, error: str, key: str, tries: Sequence[Met], by_run: Mapping[str, Sequence[Met]],
    tasks: Mapping[str, str], level: float,
) -> Lesson:  # fmt: skip
    first: dict[str, bool] = {}
    for one in tries:
        first.setdefault(one.failed.execution_id, one.worked)
    others = {run: any(one.recovered for one in met) for run, met in by_run.items() if run not in first}
    gave_up = sum(all(one.tried is None for one in by_run[run]) for run in others)
    good = [one for one in tries if one.worked]
    runs = {one.failed.execution_id: one.failed.agent_id for one in good}
    fix = good[0].fix
    return Lesson(
        lesson_id=f"lesson-{digest(chr(31).join((tool, pattern, key)))}",
        tool=tool,
        pattern=pattern,
        error=error,
        fix=_most(one.fix.words for one in good if one.fix),
        way=fix.way if fix else "changed",
        seen=len(good),
        tried=len(tries),
        executions=len(runs),
        agents=dict(sorted(Counter(runs.values()).items(), key=lambda item: (-item[1], item[0]))),
        worked=proportion(sum(first.values()), len(first), level),
        without=proportion(sum(others.values()), len(others), level),
        gave_up=gave_up,
        difference=compare(_strata(first, others, tasks), level, screening=True),
        q_value=None,
        verdict="not enough data",
        evidence=tuple(
            Evidence(execution_id=one.failed.execution_id, failed=one.failed.decision_id,
                     tried=one.tried.decision_id, worked=one.worked)
            for one in sorted(tries, key=lambda one: not one.worked)[:_EVIDENCE]
            if one.tried is not None
        ),
    )  # fmt: skip


def _strata(tried: Mapping[str, bool], others: Mapping[str, bool], tasks: Mapping[str, str]) -> list[Stratum]:
    """Both sides by task; executions of which none is known are compared among themselves."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for side, place in ((others, 0), (tried, 2)):
        for run, good in side.items():
            counts[tasks.get(run, "")][place] += good
            counts[tasks.get(run, "")][place + 1] += 1
    return [Stratum(*counts[task]) for task in sorted(counts)]


def _judged(raw: Sequence[Lesson], delta: float, level: float) -> list[Lesson]:
    """With q-values over all lessons that could be compared, the best supported first."""
    q_values = iter(benjamini_hochberg([one.difference.p_value for one in raw if one.difference]))
    lessons = []
    for one in raw:
        q_value = next(q_values) if one.difference else None
        lessons.append(
            msgspec.structs.replace(one, q_value=q_value, verdict=_verdict(one.difference, q_value, delta, level))
        )
    order: dict[Verdict, int] = {"helps": 0, "alike": 1, "not enough data": 1, "does harm": 2}
    return sorted(
        lessons,
        key=lambda one: (order[one.verdict], -one.executions, -one.worked.interval.low, one.lesson_id),
    )


def _verdict(difference: Difference | None, q_value: float | None, delta: float, level: float) -> Verdict:
    if difference is None or q_value is None:
        return "not enough data"
    if difference.interval.within(delta):
        return "alike"
    if difference.interval.excludes(0) and q_value <= 1 - level:
        return "helps" if difference.estimate > 0 else "does harm"
    return "not enough data"


def _most(texts: Iterable[str]) -> str:
    """The most frequent text; of equals the shortest, then the first by name."""
    seen = Counter(texts)
    return min(seen, key=lambda text: (-seen[text], len(text), text))


def _not_known(steps: Sequence[Step]) -> tuple[str, ...]:
    failed = [step for step in steps if step.outcome in _FAILED]
    silent = sum(step.arguments is None for step in failed)
    wordless = sum(step.error is None for step in failed)
    told = []
    if silent:
        told.append(f"the arguments of {silent:,} of {len(failed):,} failed calls")
    if wordless:
        told.append(f"the error text of {wordless:,} of {len(failed):,}")
    return tuple(told)
