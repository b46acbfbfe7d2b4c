"""What the numbers of a pair allow to say."""

from __future__ import annotations

from soma.synthesizer.stats import Difference, needed_per_side
from soma.synthesizer.wording import number, plain, points, probability

from .model import END, MoreNeeded, Parting, Side, Verdict


def verdict_of(difference: Difference | None, q_value: float | None, delta: float, level: float) -> Verdict:
    """Alike when the whole interval lies within delta; different when interval and adjusted test both exclude none."""
    if difference is None or q_value is None:
        return "not enough data"
    if difference.interval.within(delta):
        return "alike"
    if difference.interval.excludes(0) and q_value <= 1 - level:
        return "different"
    return "not enough data"


def more_needed(first: Side, second: Side, difference: Difference | None, delta: float, level: float) -> MoreNeeded:
    """How many more executions a side would settle it."""
    have = min(first.outcome.total, second.outcome.total)
    rate = first.outcome.rate if first.outcome.rate is not None else 0.5
    seen = abs(difference.estimate) if difference else 0.0
    return MoreNeeded(
        for_delta=max(1, needed_per_side(rate, delta, level) - have),
        as_seen=max(1, needed_per_side(rate, seen, level) - have) if seen >= delta else None,
    )


def recommendation_of(verdict: Verdict, parting: Parting | None) -> str | None:
    """What to change; only when the agents differ, part beyond chance, and the choice goes with the outcome.

    Never to end: that a run ends follows from its success as much as it leads to it.
    """
    if verdict != "different" or parting is None or not parting.clear or not parting.matters:
        return None
    if parting.effect is None or parting.effect.estimate > 0 or parting.first.action == END:
        return None
    better, worse = parting.first, parting.second
    return (
        f"{plain(worse.agent_id, 60)} should take {plain(better.action, 80)} at step {parting.step}, "
        f"as {plain(better.agent_id, 60)} does."
    )


def finding_of(
    verdict: Verdict, first: Side, second: Side, parting: Parting | None, recorded: tuple[bool, bool]
) -> str:
    """In a sentence, what the parting shows and what it does not."""
    silent = [plain(side.agent_id, 60) for side, known in zip((first, second), recorded, strict=True) if not known]
    if silent:
        return f"No decisions are recorded for {' and '.join(silent)}: where their paths part cannot be seen."
    if parting is None:
        return "Their usual paths do not part: look inside the steps (arguments, timeouts, repeats) for what differs."
    where = f"Their paths part at step {parting.step}"
    if not parting.clear:
        return f"{where}, but no more than chance allows (p = {probability(parting.chance)}): no choice to advise on."
    if parting.effect is None:
        return f"{where}; the two choices were never made on the same task, so the data do not show that it matters."
    if not parting.matters:
        return f"{where}, but the data do not show that the choice matters: {points(parting.effect)}."
    if parting.first.action == END and parting.effect.estimate < 0:
        return (
            f"{where}: {plain(first.agent_id, 60)} is done there, {plain(second.agent_id, 60)} goes on with "
            f"{plain(parting.second.action, 80)}. A run may end because it has succeeded, so no choice to advise on: "
            "look at what comes before."
        )
    goes = "goes with worse outcomes" if parting.effect.estimate < 0 else "goes with better outcomes"
    choice = "ending there" if parting.second.action == END else plain(parting.second.action, 80)
    said = f"{where}; on the same tasks {choice} {goes}: {points(parting.effect)}"
    if verdict != "different":
        return f"{said}. That one agent does better over all is not shown."
    if parting.effect.estimate > 0:
        return f"{said}. So this choice is not why {plain(second.agent_id, 60)} does worse."
    return f"{said}."


def noted(pairs: int, agents: int, shared_agents: int) -> list[str]:
    """Why there is nothing to compare, and what it would take."""
    if pairs:
        return []
    if agents == 0:
        return ["No executions to compare. soma harvest PATH reads traces into the vault."]
    if agents == 1:
        return ["Only one agent: a divergence takes two agents that attempted the same task."]
    if shared_agents == 0:
        return [
            f"{number(agents, 'agent')}, but none of them share a task. Agents are compared on executions with the "
            "same task id or with like requests: soma tasks shows which tasks are known."
        ]
    return ["The agents named share no task with each other: soma tasks shows who attempted what."]
