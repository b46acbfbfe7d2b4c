"""Which call started which sub-agent.

Newer sessions say it: the call's result or a progress line names the sub-agent. Older ones do not: there the prompt the
sub-agent was given is the prompt of the call, and failing that, it is the one call that was open when it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from soma.adapters.blocks.document import as_object, as_text
from soma.model import DecisionDraft, ExecutionDraft

from .ledger import Ledger
from .run import DELEGATING, subagent_type
from .tracks import Track

UNLINKED = "subagent"


class Run(msgspec.Struct):
    """A track and the execution it became, if any."""

    track: Track
    draft: ExecutionDraft | None


class _Call(msgspec.Struct):
    run: ExecutionDraft
    decision: DecisionDraft
    prompt: str | None
    ends: int | None
    agent_id: str | None
    completed: bool


def link(runs: list[Run], links: Mapping[str, str], ledger: Ledger) -> None:
    """Write the parent decision, the agent id and what the call knows about the end to the sub-agents' executions.

    Args:
        runs: All runs of one session.
        links: Sub-agent id to call id, from progress lines.
        ledger: Results of the calls.
    """
    calls = list(_calls(runs, ledger))
    children = [run for run in runs if run.track.side and run.draft is not None]
    children.sort(key=lambda run: (run.draft.started_at or 0, run.track.suffix) if run.draft else (0, ""))
    free = list(calls)
    for told in (True, False):
        for run in children:
            draft = run.draft
            if draft is None or draft.agent_id:
                continue
            others = [call for call in free if call.run is not draft]
            call = _told(run.track, others, links) if told else _guessed(run.track, draft, others)
            if call is not None:
                free.remove(call)
                _adopt(draft, call)
    for run in children:
        if run.draft is not None and not run.draft.agent_id:
            run.draft.agent_id = UNLINKED


def _calls(runs: list[Run], ledger: Ledger) -> Iterable[_Call]:
    for run in runs:
        for decision in run.draft.decisions if run.draft is not None else ():
            if run.draft is not None and decision.tool in DELEGATING and decision.native_id:
                result = ledger.results.get(decision.native_id)
                prompt = as_text(as_object(decision.arguments).get("prompt"))
                yield _Call(
                    run.draft, decision, prompt.strip() if prompt else None, result.at if result else None,
                    result.agent_id if result else None, result.completed if result else False,
                )  # fmt: skip


def _told(track: Track, calls: list[_Call], links: Mapping[str, str]) -> _Call | None:
    names = [name for name in (track.agent, track.hint) if name]
    started_by = {links[name] for name in names if name in links}
    return next((call for call in calls if call.agent_id in names or call.decision.native_id in started_by), None)


def _guessed(track: Track, child: ExecutionDraft, calls: list[_Call]) -> _Call | None:
    # A call that names its sub-agent started no other one.
    calls = [call for call in calls if call.agent_id is None or track.agent is None]
    began = child.started_at
    if child.task_text is not None:
        same = [call for call in calls if call.prompt == child.task_text]
        if same:
            before = [call for call in same if began is not None and (call.decision.started_at or began + 1) <= began]
            return (before or same)[0]
    if began is None:
        return None
    open_then = [
        call for call in calls
        if call.decision.started_at is not None and call.decision.started_at <= began and began <= (call.ends or began)
    ]  # fmt: skip
    return open_then[0] if len(open_then) == 1 else None


def _adopt(child: ExecutionDraft, call: _Call) -> None:
    child.parent_execution_id = call.run.execution_id
    child.parent_decision_id = f"{call.run.execution_id}#{call.decision.native_id}"
    child.agent_id = subagent_type(call.decision.arguments)
    if child.status == "unknown" and call.completed:
        child.status = "completed"
    if call.decision.outcome == "skipped" and child.status == "unknown":
        child.labels["ended"] = "interrupted"
        for decision in child.decisions:
            if decision.outcome == "unknown":
                decision.outcome = "skipped"
