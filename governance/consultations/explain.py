"""The page of ``soma chain``: where a policy comes from, who consulted it, who followed it and how that ended."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma import clock
from soma.governance.policy.words import condition_words, scope_words
from soma.synthesizer.commands import command_line, show_run, soma
from soma.synthesizer.wording import number, percent, plain, points, share

from .model import Consultation, PolicyChain

_CLAIM = 600
_INDENT = (0, 0, 0, 3)
_WAYS = {
    "guard": "a guard told it",
    "tool": "soma's tools answered it",
    "prompt": "the request names it",
    "reasoning": "the agent's reasoning names it",
    "arguments": "a call's arguments name it",
}
_DID = {True: "it did well", False: "it did badly", None: "how it did is not known"}


def render(result: PolicyChain) -> RenderableType:
    """Evidence, insight, policy, consultations, what the agents did, outcome."""
    lines: list[RenderableType] = [
        Text(f"{plain(result.policy.id)} consulted by {number(result.consulted, 'run')}", style="bold"),
        Text(),
        *_origin(result),
        Text(),
    ]
    if result.consulted:
        lines += [_heeded(result), Text(), *_difference(result), Text(), *_shown(result)]
    else:
        lines.append(
            Text(
                "No run in the vault shows that it consulted this policy. Looked at: trails of soma's guards, calls of "
                "soma's tools (MCP server, command line), requests, reasoning and arguments that name its id."
            )
        )
        lines.append(Text("A guard with a trail leaves such traces once they are harvested: docs/bridge.md"))
    lines += [Text(f"· {caution}", style="dim") for caution in result.cautions]
    return Group(*lines)


def _origin(result: PolicyChain) -> Iterator[RenderableType]:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    table.add_row(
        "evidence", f"{number(len(result.evidence), 'record')}" if result.evidence else "none: a person wrote it"
    )
    if result.insight:
        insight = result.insight
        table.add_row("insight", Text(f"{insight.id}, {insight.type}: {plain(insight.claim, _CLAIM)}"))
    policy = result.policy
    table.add_row("policy", Text(f"a call is hit when {condition_words(policy.condition)}"))
    table.add_row("", Text(f"for {scope_words(policy.scope)}; {policy.effect}, {policy.mode}"))
    for one in result.ratified:
        day = (clock.to_iso(one.ratified_at) or "")[:10]
        table.add_row("", Text(f"version {one.policy.version} by {plain(one.ratified_by, 60)} on {day}, {one.status}"))
    if not result.ratified:
        table.add_row("", "nobody ratified it")
    yield table
    if result.evidence and result.ratified:
        yield command_line(soma("evidence", result.policy.id))


def _heeded(result: PolicyChain) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    did = "reached their goal" if result.measure == "success" else "completed"
    table.add_row("followed", f"{result.followed:,}", f"{did}: {share(result.followed_well)}")
    table.add_row("ignored", f"{result.ignored:,}", f"{did}: {share(result.ignored_well)}")
    if result.not_judged:
        why = "; ".join(f"{why} ({many:,})" for why, many in result.why_not.items())
        table.add_row("not judged", f"{result.not_judged:,}", why)
    ways = ", ".join(f"{_WAYS[way]} ({many:,})" for way, many in result.ways.items())
    table.add_row("first told", "", ways)
    return table


def _difference(result: PolicyChain) -> Iterator[RenderableType]:
    followed, ignored = result.compared_followed, result.compared_ignored
    if result.difference is None or followed is None or ignored is None:
        yield Text("Not enough data: too few runs of the same tasks, some that followed it and some that did not.")
    else:
        did = "reached their goal" if result.measure == "success" else "completed"
        among = " by one and the same agent" if result.same_agent else ""
        yield Text(
            f"On the same tasks{among} {share(followed)} of the runs that followed it {did}, of those that ignored it "
            f"{percent(ignored.rate)} ({ignored.successes:,} of {ignored.total:,}): {points(result.difference)}"
        )
        alike = f"Alike: closer than {100 * result.delta:g} points."
        words = {"different": "Different, beyond chance.", "alike": alike, "not enough data": "Not enough data."}
        yield Text(words[result.verdict], style="bold")
    if result.more is not None:
        yield Text(
            f"About {number(result.more, 'more run')} on each side, of the same tasks, would show a difference of "
            f"{100 * result.delta:g} points."
        )


def _shown(result: PolicyChain) -> Iterator[RenderableType]:
    for one in result.shown:
        yield Text(f"{one.heeded}: {plain(one.agent_id, 60)}, {_story(one)}")
        yield command_line(show_run(one.execution_id))
    if (rest := result.consulted - len(result.shown)) > 0:
        yield Padding(Text(f"and {number(rest, 'other run')} (--limit)", style="dim"), _INDENT)
    yield Text()


def _story(one: Consultation) -> str:
    times = "" if one.times == 1 else f", told {one.times:,} times"
    if one.heeded == "not judged":
        return f"{_WAYS[one.way]}{times}: {one.why}"
    if one.did is None or one.did_step is None:
        did = "then made no further call"
    elif one.heeded == "ignored":
        more = f", {number(one.against - 1, 'more call')} against it" if one.against > 1 else ""
        did = f"then against it {plain(one.did, 60)} at step {one.did_step + 1}{more}"
    else:
        did = f"then {plain(one.did, 60)} at step {one.did_step + 1}"
    return f"{_WAYS[one.way]}{times}, {did}; {_DID[one.good]}"
