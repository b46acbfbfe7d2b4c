"""The page of the job ``briefing``: half a minute of reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma import clock
from soma.synthesizer import commands
from soma.synthesizer.bars import whisker
from soma.synthesizer.commands import command_line
from soma.synthesizer.jobs.chain.explain import replay
from soma.synthesizer.jobs.health.explain import STYLES
from soma.synthesizer.jobs.health.model import AgentHealth
from soma.synthesizer.wording import bounds, count, number, percent, plain, points

from .model import Advice, Binding, Briefing, Peer

_DECISIONS_SHOWN = 14
_PEERS_SHOWN = 8
_VERDICTS = {"different": "different", "alike": "alike", "not enough data": "undecided"}


def render(result: Briefing) -> RenderableType:
    """Status, why, what to do, peers, the last failed run, what is not known."""
    parts: list[RenderableType] = [_head(result.agent), Text()]
    parts += [Text(_title(result), style="bold")]
    parts += _numbered([reason.text for reason in result.reasons] or [_no_reason(result)])
    if result.advice:
        parts += [
            Text(),
            Text("What to do", style="bold"),
            *(line for advice in result.advice for line in _advice(advice)),
        ]
    if result.binding:
        parts += [Text(), Text("What binds it", style="bold"), *map(_binding, result.binding)]
    if result.peers:
        parts += [Text(), *_peers(result)]
    parts += _last_failed(result)
    foot = [f"Not known: {'; '.join(result.not_known)}"] if result.not_known else []
    if result.agent.failures.total:
        foot.append(f"[low, high]: what the data allow, at {100 * result.level:g} %")
    parts += [Text(), *(Text(line, style="dim") for line in foot)]
    return Group(*parts)


def _head(agent: AgentHealth) -> Text:
    head = Text(plain(agent.agent_id, 60) or "(not named)", style="bold")
    head.append(f"   {agent.health.upper()}", style=STYLES[agent.health])
    head.append(f"   {_ending(agent)}")
    if agent.measure == "status" and agent.success is not None:
        achieved = f"{agent.success.successes:,} achieved their task"
        known = number(agent.success.total, "run")
        head.append(f"\nsuccess is known of {known} only: {achieved} {bounds(agent.success.interval)}")
    change = agent.change
    if change.difference is not None and change.trend in {"worse", "better"} and change.before:
        since = (clock.to_iso(change.since) or "")[:10]
        head.append(f"\n{change.trend} since {since}: {points(change.difference)}, was {percent(change.before.rate)}")
    decided = f"{agent.decisions_failed:,} of {number(agent.decisions, 'decision')} failed"
    facts = [number(agent.runs, "run"), decided if agent.decisions else "no decision recorded"]
    if agent.last_seen is not None:
        facts.append(f"last seen {_minute(agent.last_seen)}")
    if agent.cost_usd:
        facts.append(f"${agent.cost_usd:,.2f}")
    head.append(f"\n{' · '.join(facts)}", style="not bold dim")
    return head


def _ending(agent: AgentHealth) -> str:
    """How its runs end, in the words of what is known about them."""
    failures = agent.failures
    if not failures.total:
        return f"how its {number(agent.runs, 'run')} ended is not recorded"
    what = "of its runs do not achieve their task" if agent.measure == "success" else "of its runs end with an error"
    known = "" if failures.total == agent.runs else " known"
    return f"{percent(failures.rate)} {what} ({count(failures)}{known}) {bounds(failures.interval)}"


def _minute(micros: int) -> str:
    return (clock.to_iso(micros) or "")[:16].replace("T", " ")


def _title(result: Briefing) -> str:
    if result.agent.health in {"critical", "degraded"}:
        return "Why it fails"
    return "What fails even so" if result.agent.health == "healthy" else "What fails"


def _no_reason(result: Briefing) -> str:
    if result.agent.failures.total and not result.agent.failures.successes:
        return "Nothing: no run is known to have failed, and no call fails often."
    return "Nothing stands out: no call fails often, no peer on the same tasks does clearly better."


def _numbered(lines: Iterable[str]) -> Iterator[RenderableType]:
    for position, line in enumerate(lines, start=1):
        yield _item(f"{position}.", Text(plain(line, 700)))


def _advice(advice: Advice) -> Iterator[RenderableType]:
    yield _item("·", Text(plain(advice.text, 600)))
    yield from (command_line(command) for command in advice.commands)


def _binding(policy: Binding) -> Table:
    what = "stops calls" if policy.stops else "warns"
    what = what if policy.binds else "runs in shadow: it counts without binding"
    until = f" until {policy.until}" if policy.until else ""
    return _item("·", Text(f"{plain(policy.id, 80)} {what}{until}: {plain(policy.says, 300)}"))


def _item(mark: str, content: RenderableType) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, justify="right", width=4)
    grid.add_column(overflow="fold")
    grid.add_row(mark, content)
    return grid


def _peers(result: Briefing) -> Iterator[RenderableType]:
    measures = {peer.measure for peer in result.peers}
    did = "achieved their task" if measures == {"success"} else "completed rather than failed"
    mixed = " (* completed rather than failed)" if len(measures) > 1 else ""
    title = Text("Peers on the same tasks", style="bold")
    title.append(f"  runs that {'achieved their task' if mixed else did}{mixed}", style="not bold dim")
    yield title
    others = [peer for peer in result.peers if not peer.is_self]
    left_out = others[_PEERS_SHOWN:]
    table = Table.grid(padding=(0, 1))
    table.add_column(overflow="fold", min_width=8, max_width=28)
    table.add_column()
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for peer in result.peers:
        if peer not in left_out:
            table.add_row(*_peer(peer, starred=bool(mixed) and peer.measure == "status"))
    yield Padding(table, (0, 0, 0, 2))
    if left_out:
        yield Text(f"  … and {number(len(left_out), 'more peer')}: --json", style="dim")


def _peer(peer: Peer, *, starred: bool) -> Iterator[RenderableType]:
    yield Text(plain(peer.agent_id, 60) or "(not named)")
    yield whisker(peer.outcome)
    yield Text(percent(peer.outcome.rate) + ("*" if starred else ""))
    yield Text(count(peer.outcome))
    yield Text("" if peer.is_self else f"on {number(peer.tasks, 'task')}", style="dim")
    yield Text("◀" if peer.verdict is None else _VERDICTS[peer.verdict], style="bold" if peer.is_self else "dim")


def _last_failed(result: Briefing) -> Iterator[RenderableType]:
    chain = result.last_failed
    if chain is None:
        return
    title = Text("\nLast failed run", style="bold")
    if chain.started_at is None:
        title = Text("\nA failed run", style="bold")
        title.append("  (no times are recorded: perhaps not the last)", style="not bold dim")
    else:
        title.append(f"  {_minute(chain.started_at)}", style="not bold")
    if chain.task:
        title.append(f"\n  “{plain(chain.task, 160)}”", style="not bold")
    yield title
    yield from replay(chain, most=_DECISIONS_SHOWN)
    if result.peak is not None:
        peak = result.peak
        yield Text(f"  peak pressure {peak.pressure:.2f} ({peak.mode}) at decision {peak.step + 1}")
    if result.blamed is not None:
        blamed = result.blamed
        why = f": {'; '.join(plain(reason, 160) for reason in blamed.reasons[:2])}" if blamed.reasons else ""
        yield Text.assemble(
            ("  most to blame ", "bold"),
            f"{blamed.number} {plain(blamed.action, 80)} ({percent(blamed.share)}){why}",
        )
        yield command_line(commands.soma("localize", "--execution", chain.execution_id))
    yield command_line(commands.show_run(chain.execution_id))
