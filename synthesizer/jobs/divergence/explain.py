"""The page of the job ``divergence``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer import commands
from soma.synthesizer.bars import whisker
from soma.synthesizer.wording import bounds, count, duration, number, percent, plain, points, probability

from .model import END, Chosen, Divergence, Nightly, Pair, Parting

_SHOWN_PREFIX = 3
_NAME = 7


def render(result: Divergence, *, everything: bool = False) -> RenderableType:
    """The pairs that differ, each in full, and a line on the others; ``everything`` shows those in full as well.

    When no pair differs the strongest is shown, because "not enough data" is an answer too.
    """
    lines: list[RenderableType] = []
    shown = [pair for pair in result.pairs if everything or pair.verdict == "different"] or list(result.pairs[:1])
    for pair in shown:
        lines += [_pair(pair, result), Text()]
    if rest := _rest(result, shown):
        lines.append(rest)
    lines += [Text(note) for note in result.notes]
    if result.not_known:
        lines.append(Text(f"Not known: {'; '.join(result.not_known)}", style="dim"))
    return Group(*lines)


def _pair(pair: Pair, result: Divergence) -> RenderableType:
    body: list[RenderableType] = [_sides(pair), _difference(pair, result), Text()]
    if pair.parting:
        body += [*_parting(pair, pair.parting), Text()]
    body += _advice(pair)
    return Group(_headline(pair), Padding(Group(*body), (0, 0, 0, 1)))


def _headline(pair: Pair) -> Text:
    runs = pair.first.executions + pair.second.executions
    if pair.tasks == 1:
        return Text(f"Task “{pair.task_labels[0]}” · 2 agents · {number(runs, 'run')}", style="bold")
    labels = ", ".join(f"“{plain(label, 24)}”" for label in pair.task_labels[:2])
    more = f" and {pair.tasks - 2:,} more" if pair.tasks > 2 else ""
    return Text.assemble(
        (f"2 agents · {number(runs, 'run')} · compared on the same {pair.tasks:,} tasks", "bold"),
        (f"\n({labels}{more})", "dim"),
    )


def _sides(pair: Pair) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(overflow="fold", min_width=_NAME, max_width=28)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    styles = ("green", "red") if pair.verdict == "different" else ("", "")
    for side, style in zip((pair.first, pair.second), styles, strict=True):
        outcome = side.outcome
        interval = bounds(outcome.interval) if outcome.total else "not known"
        table.add_row(
            Text(plain(side.agent_id, 60)),
            Text(percent(outcome.rate)),
            whisker(outcome, style),
            Text(count(outcome)),
            Text(interval, style="dim"),
        )
    return table


def _difference(pair: Pair, result: Divergence) -> Text:
    line = Text()
    if pair.difference is None:
        line.append("No task on which the outcome of both is known: not enough data.", style="bold")
    else:
        line.append(f"difference {points(pair.difference)}")
        if pair.difference.strata > 1:
            line.append(f" by task, over {pair.difference.strata:,}")
        line.append(", ")
        line.append(_verdict(pair, result), style="bold")
    if pair.nightly:
        line.append(f"\n{_nightly(pair.nightly, result)}", style="dim")
    if pair.more:
        line.append(f"\n{_more(pair, result)}")
    if pair.measure == "status":
        known = pair.first.outcome.total or pair.second.outcome.total
        counted = (
            ": counted is how many runs completed rather than failed." if known else ", nor is how the runs ended."
        )
        line.append(f"\nSuccess is not known on both sides{counted}")
    return line


def _verdict(pair: Pair, result: Divergence) -> str:
    if pair.verdict == "alike":
        return f"alike within {100 * result.delta:.0f} points"
    told = f" (q = {probability(pair.q_value)})".replace("= <", "<") if pair.q_value is not None else ""
    return f"{pair.verdict}{told}"


def _nightly(nightly: Nightly, result: Divergence) -> str:
    worth = f"{nightly.e_value:.2g}" if nightly.e_value < 1e6 else "over a million"
    if nightly.holds:
        return f"holds for those who look every night, too (e-value {worth})"
    return (
        f"for those who look every night not shown yet (e-value {worth}; alone it takes {1 / (1 - result.level):.0f}, "
        "more beside other pairs)"
    )


def _more(pair: Pair, result: Divergence) -> str:
    assert pair.more is not None  # noqa: S101 - narrowed by the caller
    words = f"It takes about {pair.more.for_delta:,} more runs a side to tell {100 * result.delta:.0f} points"
    if pair.more.as_seen is not None and pair.difference is not None:
        seen = f"{abs(round(100 * pair.difference.estimate))}"
        words += f", about {pair.more.as_seen:,} if the difference is the {seen} points seen"
    return f"{words}."


def _parting(pair: Pair, parting: Parting) -> Iterator[RenderableType]:
    measured = "success" if pair.measure == "success" else "completed"
    title = "They part at step" if parting.clear else "They may part (no more than chance) at step"
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True, min_width=3)
    table.add_column(overflow="fold", min_width=_NAME, max_width=20)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(Text(), Text(), Text(), Text("runs", style="dim"), Text(measured, style="dim"))
    for step, action in _common(parting.prefix):
        table.add_row(Text(step), Text("both", style="dim"), Text(plain(action, 80)), Text(), Text())
    for mark, chosen in ((str(parting.step), parting.first), ("", parting.second)):
        table.add_row(
            Text(mark, style="bold"),
            Text(plain(chosen.agent_id, 60)),
            _choice(chosen),
            Text(f"{chosen.executions:,} of {chosen.reached:,}"),
            Text(f"{percent(chosen.outcome.rate)} of {chosen.outcome.total:,}" if chosen.outcome.total else "–"),
        )
    for mark, chosen in ((str(parting.step + 1), parting.first), ("", parting.second)):
        if chosen.then is not None:
            table.add_row(
                Text(mark, style="dim"),
                Text(plain(chosen.agent_id, 60), style="dim"),
                Text("then ends" if chosen.then == END else f"then {plain(chosen.then, 80)}", style="dim"),
                Text(f"{chosen.then_executions:,} of {chosen.executions:,}", style="dim"),
                Text(),
            )
    yield Text(f"{title} {parting.step}", style="bold")
    yield table
    if parting.effect is not None:
        steps = "step 1" if parting.step == 2 else f"steps 1 to {parting.step - 1}"
        given = f", given {steps}" if parting.prefix else ""
        line = Text(f"◀ {_doing(parting.second.action)} rather than {_doing(parting.first.action)}{given}: ")
        line.append(points(parting.effect), style="bold" if parting.matters else "")
        yield line
    if parting.within is not None:
        yield Text(f"  the same agent taking either: {points(parting.within)}", style="dim")
    if others := [option for option in parting.options[2:] if option.value is not None]:
        words = ", ".join(
            f"{_doing(option.action)} {option.first + option.second:,} × (about {percent(option.value)})"
            for option in others
        )
        yield Text(f"  others there: {words}", style="dim")


def _common(prefix: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    numbered = [(str(step), action) for step, action in enumerate(prefix, 1)]
    if len(numbered) <= _SHOWN_PREFIX:
        yield from numbered
        return
    yield numbered[0]
    yield "…", number(len(numbered) - 2, "further step")
    yield numbered[-1]


def _doing(action: str) -> str:
    return "ending" if action == END else plain(action, 40)


def _choice(chosen: Chosen) -> Text:
    text = Text("ends" if chosen.action == END else plain(chosen.action, 80), style="bold")
    facts = [
        f"{word} in {many:,}" for word, many in (("timed out", chosen.timed_out), ("failed", chosen.failed)) if many
    ]
    if chosen.median_duration_ms is not None:
        facts.append(f"median {duration(chosen.median_duration_ms)}")
    if facts:
        text.append(f" ({', '.join(facts)})", style="not bold")
    return text


def _advice(pair: Pair) -> Iterator[RenderableType]:
    if pair.recommendation:
        yield _said("What it suggests:", pair.recommendation)
    else:
        yield _said("What it shows:", pair.finding)
    if pair.confounds:
        yield _listed("Be careful:", [confound.text for confound in pair.confounds])
    if pair.parting:
        total = pair.parting.first.evidence_total + pair.parting.second.evidence_total
        sides = (pair.parting.first, pair.parting.second)
        told = f"{number(total, 'decision')} of {pair.divergence_id}, their ids with --json. A run of each:"
        yield _said("Evidence:", told)
        for identity in (identity for side in sides for identity in side.evidence[:1]):
            yield commands.command_line(commands.show_run(run_of(identity)))


def run_of(decision_id: str) -> str:
    """The execution id a decision id begins with."""
    head, mark, _ = decision_id.partition("#")
    return head if mark else decision_id.rpartition("/")[0]


def _said(title: str, words: str) -> Text:
    return Text.assemble((title, "bold"), " ", words)


def _listed(title: str, sentences: list[str]) -> Table:
    """One sentence a line under one another; the title stands before the first."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for place, sentence in enumerate(sentences):
        table.add_row(Text("" if place else title, style="bold"), Text(sentence))
    return table


def _rest(result: Divergence, shown: list[Pair]) -> Text | None:
    verdicts = [pair.verdict for pair in shown]
    words = []
    if different := result.different - verdicts.count("different"):
        words.append(f"{number(different, 'further pair')} different")
    if alike := result.alike - verdicts.count("alike"):
        words.append(f"{number(alike, 'further pair')} alike within {100 * result.delta:.0f} points")
    if undecided := result.undecided - verdicts.count("not enough data"):
        words.append(f"{number(undecided, 'further pair')}: not enough data")
    return Text(f"{' · '.join(words)} (soma divergence --all)") if words else None
