"""Runs to executions: a trace is one execution, and so is every sub-agent that a tool of it started.

Decisions are the tool runs. An execution without any (a plain retrieval pipeline) has its retriever runs as decisions.
An exception is stored again on every run above the one that raised it; those are steps of the framework, not
decisions, so it counts once, and once more as the error of the execution it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from soma import identity
from soma.adapters.contract import Yield
from soma.model import ExecutionDraft
from soma.source import Damage, Record

from .about import NODE_KEY, OWN_NAME_KEY, SESSION_KEYS, agent_of, first_of, task_of, verdict_of
from .decisions import decision_of, is_failure
from .gather import gather
from .requests import Requests, model_of_run, usage_of_run
from .runs import Run
from .tree import Place, Trace, traces_of
from .usage import combined

FRAMEWORK = "langchain"
_PREFIX = "lc"


def map_records(records: Iterable[Record | Damage]) -> Iterator[Yield]:
    """Executions of all traces in the records, merged over their sources, in the order of their trace ids."""
    runs: dict[str, Run] = {}
    yield from gather(records, runs)
    for trace in traces_of(runs):
        yield from _executions(trace)


def _executions(trace: Trace) -> Iterator[ExecutionDraft]:
    owned: dict[str, list[Place]] = {}
    for place in trace.places:
        owned.setdefault(place.owner, []).append(place)
    started = {tool.run_id: first for first, (_, tool) in reversed(trace.delegations.items())}
    for owner, places in owned.items():
        execution = _main(trace, places) if owner == trace.trace_id else _delegated(trace, owner, places)
        _spend(execution, places)
        if execution.cost_usd is None and owner == trace.trace_id and trace.root is not None:
            execution.cost_usd = trace.root.cost
        _decide(execution, places)
        for decision in execution.decisions:
            if (child := started.get(decision.native_id or "")) is not None:
                agent = next(place.run for place in owned[child]).metadata.get(OWN_NAME_KEY, "")
                decision.kind, decision.role, decision.action = "delegation", "delegate", f"delegate:{agent}"
        yield execution


def _main(trace: Trace, places: list[Place]) -> ExecutionDraft:
    """The execution of the trace itself; without its root run, from what every run repeats about the trace."""
    root = trace.root
    first = root if root is not None else places[0].run
    execution = _drafted(identity.qualified(_PREFIX, trace.trace_id), first, ended=root is not None)
    graph = any(NODE_KEY in place.run.metadata for place in trace.places)
    execution.agent_id = agent_of(first.metadata, root.name if root else None, first.project, graph=graph)
    execution.task_id = task_of(first.metadata, first.example_id)
    if root is not None and (verdict := verdict_of(root.feedback)) is not None:
        execution.score, execution.success = verdict.score, verdict.success
        execution.success_from = None if verdict.success is None else "feedback"
    return execution


def _delegated(trace: Trace, owner: str, places: list[Place]) -> ExecutionDraft:
    caller, tool = trace.delegations[owner]
    execution = _drafted(identity.qualified(_PREFIX, owner), places[0].run, ended=True)
    execution.agent_id = places[0].run.metadata.get(OWN_NAME_KEY, "")
    execution.parent_execution_id = identity.qualified(_PREFIX, caller)
    execution.parent_decision_id = f"{execution.parent_execution_id}#{tool.run_id}"
    execution.claims.append(identity.qualified(_PREFIX, trace.trace_id))
    return execution


def _drafted(execution_id: str, first: Run, *, ended: bool) -> ExecutionDraft:
    """An execution as its first run describes it; how it ended is told by that run alone."""
    execution = ExecutionDraft(
        execution_id=execution_id,
        framework=FRAMEWORK,
        session_id=first_of(first.metadata, SESSION_KEYS),
        task_text=first.asked,
        started_at=first.started_at,
        labels={"project": first.project} if first.project is not None else {},
        claims=[execution_id],
        source_id=first.source_id,
        offset=first.offset,
        length=first.length,
    )
    if ended:
        execution.ended_at, execution.error = first.ended_at, first.error
        if is_failure(first.error) or (first.error is None and first.state == "error"):
            execution.status = "failed"
        elif first.error is None and first.ended_at is not None:
            execution.status = "completed"
    return execution


def _spend(execution: ExecutionDraft, places: list[Place]) -> None:
    """Adds up what the model runs cost; sums that exports write on the runs above them are not added again."""
    models = [place.run for place in places if place.run.run_type == "llm" and not place.told_above]
    usage = combined([usage for run in models if (usage := usage_of_run(run)) is not None])
    if usage is not None:
        execution.tokens_in, execution.tokens_out = usage.tokens_in, usage.tokens_out
        execution.tokens_cache_read, execution.tokens_cache_write = usage.cache_read, usage.cache_write
    costs = [run.cost for run in models if run.cost is not None]
    execution.cost_usd = sum(costs) if costs else None
    execution.model = next((model for run in models if (model := model_of_run(run)) is not None), None)


def _decide(execution: ExecutionDraft, places: list[Place]) -> None:
    deciding = "tool" if any(place.run.run_type == "tool" for place in places) else "retriever"
    requests = Requests()
    for place in places:
        if place.run.run_type == "llm" and not place.told_above:
            requests.add(place.run)
        elif place.run.run_type == deciding:
            decision = decision_of(place, requests, execution.execution_id, execution.parent_decision_id)
            execution.decisions.append(decision)
