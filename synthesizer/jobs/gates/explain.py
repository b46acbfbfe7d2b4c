"""The page of the job ``gates``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.bars import NARROWEST, whisker
from soma.synthesizer.stats import Interval
from soma.synthesizer.wording import bounds, count, number, percent, plain, probability, signed

from .model import LEAST_FOR_TEST, Arm, Comparison, Effect, Gates, More, Verdict

STYLES: dict[Verdict, str] = {
    "refuted": "bold red",
    "validated": "bold green",
    "alike": "bold",
    "collecting": "bold yellow",
}
_NAME = 60
_NAME_WIDTH = 26
_NAMED = 3
_LONG = 3
_BAR = 25
_LARGEST = 1_000_000
_CONTROL = " (control)"


def render(result: Gates, *, limit: int = 8) -> RenderableType:
    """The arms with their rates; then every treatment beside the control, the verdict first."""
    lines: list[RenderableType] = []
    if result.arms:
        lines += [Text(_title(result), style="bold"), Text(_measured(result)), Text(), _arms(result, limit), Text()]
    begun = [one for one in result.comparisons if one.pairs]
    everywhere = _shared(begun)
    for one in begun[:limit]:
        lines += [*_comparison(one, result, everywhere), Text()]
    if rest := begun[limit:]:
        told = Counter(one.verdict for one in rest)
        each = ", ".join(f"{many:,} {verdict}" for verdict, many in told.items())
        lines += [Text(f"and {number(len(rest), 'further arm')}: {each} (--limit N)", style="dim"), Text()]
    lines += [Text(f"Be careful, with all of them: {text}") for text in everywhere]
    if begun and (apart := [one for one in result.comparisons if not one.pairs]):
        lines.append(Text(_apart(apart, result), style="dim"))
    lines += [Text(note) for note in result.notes]
    if result.comparisons:
        lines.append(Text(_summary(result)))
    if result.not_known:
        lines.append(Text(f"Not known: {'; '.join(result.not_known)}", style="dim"))
    return Lines(*lines)


def verdict_words(one: Comparison, delta: float) -> str:
    """A verdict in plain words: ``refuted: does worse than gpt-4``."""
    control = plain(one.control, _NAME)
    if one.verdict == "validated":
        return f"validated: does better than {control}"
    if one.verdict == "refuted":
        return f"refuted: does worse than {control}"
    if one.verdict == "alike":
        return f"alike: within {_points(delta)} points of {control}"
    return f"collecting: not enough data to hold it against {control}"


def _title(result: Gates) -> str:
    parts = [f"By {plain(result.by, _NAME)}", number(len(result.arms), "arm"), number(result.executions, "run")]
    if result.agent is not None:
        parts.append(f"agent {plain(result.agent, _NAME)}")
    if result.task is not None:
        parts.append(f"task {plain(result.task, _NAME)}")
    return " · ".join(parts)


def _measured(result: Gates) -> str:
    if result.measure == "success":
        return "Counted: runs that achieved their task, of those where that is known."
    return "Counted: runs that completed rather than failed, as success is not known of both sides. It is not success."


def _arms(result: Gates, limit: int) -> RenderableType:
    begun = [one.treatment for one in result.comparisons if one.pairs]
    names = [result.control, *(begun or [one.treatment for one in result.comparisons])[:limit]]
    arms = {arm.name: arm for arm in result.arms}
    shown = [arms[name] for name in names if name in arms] or list(result.arms[:limit])
    table = Table.grid(padding=(0, 1))
    cut = _common([plain(arm.name, _NAME) for arm in shown])
    widest = max(len(_name(arm, result.control, cut)) for arm in shown)
    table.add_column(no_wrap=True, overflow="ellipsis", width=min(_NAME_WIDTH, widest))
    table.add_column(justify="right", no_wrap=True, min_width=7)
    table.add_column(min_width=NARROWEST, max_width=_BAR)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for arm in shown:
        table.add_row(*_arm(arm, result.control, cut))
    return table


def _common(names: Sequence[str]) -> int:
    """How many characters long names lose at their beginning, where all are alike, so that their ends are seen."""
    room = _NAME_WIDTH - len(_CONTROL) - 1
    first, last = min(names), max(names)
    alike = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)
    return max(0, min(alike, max(map(len, names)) - room))


def _name(arm: Arm, control: str | None, cut: int) -> str:
    name = plain(arm.name, _NAME) or "(empty)"
    name = f"…{name[cut:]}" if cut > _LONG else name
    return f"{plain(name, _NAME_WIDTH - len(_CONTROL))}{_CONTROL}" if arm.name == control else name


def _arm(arm: Arm, control: str | None, cut: int) -> tuple[RenderableType, ...]:
    known = arm.outcome.total > 0
    return (
        Text(_name(arm, control, cut), style="bold" if arm.name == control else ""),
        Text(percent(arm.outcome.rate) if known else "–"),
        whisker(arm.outcome, width=_BAR),
        Text(count(arm.outcome) if known else f"0 of {arm.executions:,} known"),
        Text(bounds(arm.outcome.interval) if known else "", style="dim"),
    )


def _shared(begun: Sequence[Comparison]) -> list[str]:
    """Cautions that stand, word for word, beside every one of several comparisons: said once."""
    if len(begun) < 2:
        return []
    texts = [{caution.text for caution in one.cautions} for one in begun]
    return [caution.text for caution in begun[0].cautions if all(caution.text in own for own in texts)]


def _apart(apart: Sequence[Comparison], result: Gates) -> str:
    names = ", ".join(plain(one.treatment, 30) or "(empty)" for one in apart[:_NAMED])
    more = f" and {len(apart) - _NAMED:,} more" if len(apart) > _NAMED else ""
    where = "" if result.across_tasks else f" on a task that {plain(result.control or '', _NAME)} attempted too"
    return f"Not compared, as no outcome is known{where}: {names}{more}."


def _comparison(one: Comparison, result: Gates, everywhere: Sequence[str]) -> Iterator[RenderableType]:
    yield Text.assemble(
        (plain(one.treatment, _NAME), "bold"), "  ", (verdict_words(one, result.delta), STYLES[one.verdict])
    )
    for line in _lines(one, result):
        yield Padding(Text(line), (0, 0, 0, 2))
    for caution in one.cautions:
        if caution.text not in everywhere:
            yield Padding(Text(f"Be careful: {caution.text}"), (0, 0, 0, 2))


def _lines(one: Comparison, result: Gates) -> Iterator[str]:
    if one.effect is None:
        return
    better = {"treatment": one.treatment, "control": one.control, None: None}[one.better]
    over = "over all tasks as one" if result.across_tasks else f"on {number(one.tasks, 'common task')}"
    yield (
        f"{signed(one.effect.estimate)} points {in_points(one.effect.interval)} {over}: "
        f"{count(one.treatment_outcome)} against {count(one.control_outcome)}, {test_words(one.effect)}."
    )
    yield (
        f"Right at every look: {in_points(one.interval)} points after {number(one.pairs, 'pair')}; "
        f"{evidence_words(one.e_value, one.q_value, better, result.level)}."
    )
    if one.more is not None:
        yield more_words(one.more, result.delta)


def test_words(effect: Effect | None, units: str = "runs") -> str:
    """The test of one look, or why there is none."""
    if effect is None or effect.p_value is None:
        return f"too few for the test of one look (it takes {LEAST_FOR_TEST} {units} of each arm)"
    return f"p = {probability(effect.p_value)} at this one look".replace("= <", "<")


def evidence_words(e_value: float, q_value: float, better: str | None, level: float) -> str:
    """What the evidence says; ``better`` is the arm it speaks for."""
    enough = f"{1 / (1 - level):.0f}"
    if better is None or e_value <= 1:
        return f"no evidence of a difference yet (alone, {enough} to 1 is enough)"
    shown = f"{e_value:,.0f}" if 10 <= e_value < _LARGEST else f"{e_value:.1f}"
    shown = "over a million" if e_value >= _LARGEST else shown
    adjusted = f"q = {probability(q_value)}".replace("= <", "<")
    return f"{shown} to 1 for {plain(better, _NAME)} doing better ({adjusted}; alone, {enough} to 1 is enough)"


def more_words(more: More, delta: float, units: str = "runs of each arm on common tasks") -> str:
    """What is still needed until the gate decides."""
    parts = []
    if more.as_seen is not None:
        leads = {"validated": "to show it better", "refuted": "to show it worse", "alike": "to show it alike"}
        word = leads[more.decision] if more.decision else "to decide"
        parts.append(f"about {more.as_seen:,} {word} if what comes is like what came")
    if more.for_delta is not None:
        parts.append(f"about {more.for_delta:,} to find a difference of {_points(delta)} points")
    if not parts:
        return "Still needed: more than can be foreseen, as the difference lies close to what is asked."
    return f"Still needed, {units}: {'; '.join(parts)}."


def _summary(result: Gates) -> str:
    told = Counter(one.verdict for one in result.comparisons)
    each = ", ".join(f"{told[verdict]:,} {verdict}" for verdict in STYLES if told[verdict])
    many = len(result.comparisons)
    held = f"{number(many, 'arm')} held against {plain(result.control or '', _NAME)}"
    chosen = "" if result.control_chosen else ", the most frequent"
    if not any(one.pairs for one in result.comparisons):
        return f"{held}{chosen}: {each}."
    return (
        f"{held}{chosen}: {each}. The verdicts may be asked for after every run: on average, at most "
        f"{100 * (1 - result.level):.0f} % of those that say better or worse are false."
    )


def in_points(interval: Interval) -> str:
    """An interval of a difference in points: ``[−12, +3]``."""
    return f"[{signed(interval.low)}, {signed(interval.high)}]"


def _points(delta: float) -> str:
    return f"{100 * delta:g}"
