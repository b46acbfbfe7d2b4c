"""The pages of ``soma governance``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from soma import clock
from soma.synthesizer.commands import command_line, soma
from soma.synthesizer.jobs.insights.confidence import word
from soma.synthesizer.wording import number, plain
from soma.vault.audit import Entry
from soma.vault.damage import Finding

from .backtest.explain import render as backtest_page
from .model import Decided, History, Overview, Proposal, Ratified, Shown, Verified
from .policy import Policy
from .policy.words import condition_words, scope_words

_CLAIM = 600
_INDENT = (0, 0, 0, 3)
_EVIDENCE = 5
_HEAD = 16
_STYLE = {"pending": "yellow", "promoted": "green", "rejected": "red", "active": "green"}


def render_list(result: Overview, *, limit: int) -> RenderableType:
    """Policies first, then what waits for a decision."""
    lines: list[RenderableType] = [*_findings(result.findings)]
    if result.policies:
        lines.append(Text(number(len(result.policies), "policy", "policies"), style="bold"))
        for one in result.policies:
            lines += _ratified(one)
        lines.append(Text())
    if result.proposals:
        lines.append(Text(number(len(result.proposals), "proposal"), style="bold"))
        for proposal in result.proposals[:limit]:
            lines += _proposal(proposal)
        if len(result.proposals) > limit:
            lines.append(Text(f"and {number(len(result.proposals) - limit, 'further proposal')} (--all)", style="dim"))
        lines.append(Text())
    if not result.policies and not result.proposals:
        lines.append(Text("Nothing to decide: soma synthesize looks for findings."))
    elif pending := next((one for one in result.proposals if one.status == "pending"), None):
        lines += [Text("Look at one, with what it would do:"), command_line(soma("governance", "show", pending.id))]
    return Group(*lines)


def _proposal(one: Proposal) -> Iterator[RenderableType]:
    asked = f" · {plain(one.requested_by, 60)} asks for it, a second person has to confirm" if one.requested_by else ""
    bare = "" if one.drafted or one.status != "pending" else " · gives no policy"
    sure = f"{word(one.confidence)} ({one.confidence:.2f})"
    line = Text(f"  {one.id}  ", style="bold")
    line.append(one.status, style=_STYLE.get(one.status, "dim"))
    line.append(f" · {one.type} · {sure} · {number(one.support, 'run')}{bare}{asked}", style="not bold")
    yield line
    yield Padding(Text(plain(one.claim, _CLAIM)), _INDENT)


def _ratified(one: Ratified) -> Iterator[RenderableType]:
    policy = one.policy
    state = "expired" if one.expired and one.status == "active" else one.status
    line = Text(f"  {plain(policy.id)}  ", style="bold")
    line.append(state, style="red" if state == "expired" else _STYLE.get(state, "dim"))
    facts = [
        policy.effect,
        policy.mode,
        f"version {policy.version}",
        f"by {plain(one.ratified_by, 60)} on {_day(one.ratified_at)}",
    ]
    if policy.expires:
        facts.append(f"until {policy.expires}")
    if one.due:
        facts.append("to be looked at again")
    line.append(f" · {' · '.join(facts)}", style="not bold")
    yield line
    yield from _rule(policy)


def _rule(policy: Policy) -> Iterator[RenderableType]:
    yield Padding(Text(f"a call is hit when {condition_words(policy.condition)}"), _INDENT)
    yield Padding(Text(f"for {scope_words(policy.scope)}"), _INDENT)


def _day(micros: int) -> str:
    return str(clock.to_iso(micros))[:10]


def render_show(result: Shown) -> RenderableType:
    """The finding, its evidence, the policy it would become or became, and what was decided."""
    lines: list[RenderableType] = [*_findings(result.findings)]
    if result.proposal:
        lines += [*_proposal(result.proposal), Text()]
    if result.evidence:
        shown = [plain(identity, 120) for identity in result.evidence[:_EVIDENCE]]
        lines.append(Text(f"Evidence: {number(len(result.evidence), 'id')}", style="bold"))
        lines += [Padding(Text(identity, style="dim"), _INDENT) for identity in shown]
        lines.append(Text())
    if result.draft:
        lines += [Text("The policy it would become", style="bold"), *_rule(result.draft), _says(result.draft), Text()]
    if result.no_draft:
        lines += [Text(f"It gives no policy: {result.no_draft}."), Text()]
    for one in result.policies:
        lines += [*_ratified(one), _says(one.policy), Text()]
    if result.history:
        lines += [Text("Decided", style="bold"), *(_entry(entry) for entry in result.history), Text()]
    lines += _next(result)
    return Group(*lines)


def _says(policy: Policy) -> RenderableType:
    return Padding(Text(f"“{plain(policy.message, _CLAIM)}”", style="italic"), _INDENT)


def _next(result: Shown) -> Iterator[RenderableType]:
    if result.draft and result.proposal:
        yield Text("What it would have done so far, then the decision:")
        yield command_line(soma("governance", "backtest", result.id))
        yield command_line(soma("governance", "promote", result.id))
    if result.proposal and result.proposal.status == "pending":
        yield command_line(f"{soma('governance', 'reject', result.id)} --reason '...'")
    elif any(one.status == "active" for one in result.policies):
        yield command_line(f"{soma('governance', 'retire', result.id)} --reason '...'")


def _entry(entry: Entry) -> RenderableType:
    why = f": {plain(entry.reason, 300)}" if entry.reason else ""
    when = str(clock.to_iso(entry.decided_at))[:19].replace("T", " ")
    what = f"{plain(entry.action, 20)} {plain(entry.subject, 80)}"
    return Padding(Text(f"{entry.number:>4}  {when}  {plain(entry.actor, 60)}  {what}{why}"), (0, 0, 0, 1))


def render_history(result: History) -> RenderableType:
    """Every decision, the oldest first."""
    lines: list[RenderableType] = [*_findings(result.findings)]
    if not result.entries:
        return Group(*lines, Text("Nothing was decided yet."))
    return Group(*lines, *(_entry(entry) for entry in result.entries))


def render_verify(result: Verified) -> RenderableType:
    """Whether everything holds; what does not."""
    if result.findings:
        return Group(*_findings(result.findings))
    if not result.entries:
        return Text("Nothing was decided yet: no audit, no canon.")
    policies = number(result.policies, "policy", "policies")
    return Group(
        Text(f"{number(result.entries, 'entry', 'entries')} and {policies} hold."),
        Text(f"Head {result.head}"),
        Text("Note it where the vault's writers cannot change it; --head HASH checks it later.", style="dim"),
    )


def render_decided(result: Decided) -> RenderableType:
    """What was done, and where it stands in the audit."""
    lines: list[RenderableType] = []
    if result.backtest:
        lines += [backtest_page(result.backtest), Text()]
    name, actor = plain(result.id, 80), plain(result.actor, 60)
    done = {
        "request": f"{actor} asks for {name}. It binds when a second person promotes it too.",
        "promote": f"{name} is promoted by {actor}.",
        "reject": f"{name} is rejected by {actor}.",
        "retire": f"{name} is retired by {actor}; it no longer binds.",
    }
    lines.append(Text(done[result.action], style="bold"))
    if result.policy and result.action == "promote":
        policy = result.policy
        until = f"until {policy.expires}" if policy.expires else "without an end"
        binds = {"shadow": "It counts without binding"}.get(
            policy.mode, "It binds" if policy.effect == "error" else "It warns"
        )
        lines.append(Text(f"{binds} {until}; it is to be looked at again on {policy.review}."))
    entries = ", ".join(str(entry.number) for entry in result.entries)
    lines.append(Text(f"Audit entry {entries}, head {result.head[:_HEAD]}…", style="dim"))
    return Group(*lines)


def _findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    if findings:
        yield Text(f"{number(len(findings), 'thing')} about canon and audit do not hold" if len(findings) > 1
                   else "One thing about canon and audit does not hold", style="red")  # fmt: skip
        for found in findings:
            yield Padding(Text(f"{plain(found.where)}: {plain(found.problem, 300)}"), _INDENT)
        yield Text()
