"""What is usual for an agent, from its runs: the history that adaptive limits are set by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import msgspec

from soma.synthesizer.inputs import Queryable, answer


class _Call(msgspec.Struct, frozen=True):
    """One call; fields in the order of the columns of ``runs.sql``."""

    execution_id: str
    role: str
    action: str
    arguments_digest: str | None
    duration_ms: float | None


class History(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Figures of an agent's runs, each list sorted.

    Attributes:
        runs: How many runs there are.
        spawns: Delegations of each run. repeats: The most often in a row that each run made one and the same call.
        durations_ms: Of all calls whose duration is known.
        conformances: Of the runs that could be measured.
        failure_rate: Share of runs that failed, with the upper end of its interval; ``None`` where too few are known.
    """

    agent_id: str
    runs: int
    spawns: tuple[int, ...]
    repeats: tuple[int, ...]
    durations_ms: tuple[float, ...]
    conformances: tuple[float, ...] = ()
    failure_rate: float | None = None


def history_of(vault: Queryable, agent_id: str) -> History:
    """The history of one agent; conformances and the rate of failures are the caller's to add where they are known."""
    from soma.synthesizer.jobs import health

    calls = answer(vault, _Call, __package__, "runs", (agent_id,))
    runs = [list(group) for _, group in groupby(calls, key=lambda call: call.execution_id)]
    failures = next((one.failures for one in health.run(vault).agents if one.agent_id == agent_id), None)
    return History(
        agent_id=agent_id,
        runs=len(runs),
        spawns=tuple(sorted(sum(call.role == "delegate" for call in run) for run in runs)),
        repeats=tuple(sorted(_repeats(run) for run in runs)),
        durations_ms=tuple(sorted(call.duration_ms for call in calls if call.duration_ms is not None)),
        failure_rate=failures.interval.high if failures is not None and failures.total else None,
    )


def _repeats(calls: Sequence[_Call]) -> int:
    """The longest row of one call; calls without recorded arguments are never the same."""
    lengths = [
        sum(1 for _ in group)
        for (_, digest), group in groupby(calls, key=lambda call: (call.action, call.arguments_digest))
        if digest is not None
    ]
    return max(lengths, default=0)
