"""What else differs between two agents, and may be why one does better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from soma.synthesizer.stats import Stratum, compare
from soma.synthesizer.wording import number, plain, points

from .model import Confound, Measure, Parting, Side
from .outcomes import Attempts, Comparison, tallied

_UNEVEN_MIX = 0.2
_UNEVEN_MODELS = 0.2


def confounds_of(comparison: Comparison, parting: Parting | None, level: float) -> tuple[Confound, ...]:
    """Every confound seen between the two agents, the weightiest kinds first."""
    return tuple(_found(comparison, parting, level))


def _found(comparison: Comparison, parting: Parting | None, level: float) -> Iterator[Confound]:
    first, second = comparison.first, comparison.second
    if model := _models(comparison, level):
        yield Confound("model", model)
    frameworks = [
        sorted({name for attempts in side.values() for name in attempts.frameworks})
        for side in (comparison.first_runs, comparison.second_runs)
    ]
    if frameworks[0] != frameworks[1]:
        one, other = (", ".join(plain(name, 40) for name in names) for names in frameworks)
        yield Confound("framework", f"They run in different frameworks ({one}; {other}): one act may have two names.")
    if apart := _apart(first, second):
        yield Confound("time", apart)
    distance = _mix_distance(comparison)
    if distance >= _UNEVEN_MIX:
        yield Confound(
            "task mix",
            f"They attempted the tasks in unequal shares ({100 * distance:.0f} % would have to change): the plain "
            "rates are not comparable, the difference is.",
        )
    for side in (first, second):
        if side.left_out:
            word = "success" if comparison.measure == "success" else "how it ended"
            yield Confound(
                "missing",
                f"Of {number(side.executions, 'run')} of {plain(side.agent_id, 60)}, {word} is not known of "
                f"{side.left_out:,}: left out.",
            )
    if parting and not _mixed(parting):
        yield Confound(
            "choice is agent",
            "Where they part each agent makes only its own choice: what the choice does cannot be told from what else "
            "differs between the agents.",
        )


def _models(comparison: Comparison, level: float) -> str | None:
    first, second = comparison.first, comparison.second
    if not first.models or not second.models:
        return None
    if _distance(Counter(first.models), Counter(second.models)) < _UNEVEN_MODELS:
        return None
    words = [
        f"{plain(side.agent_id, 60)} ran {plain(model, 60)} in {many:,} of {side.executions:,}"
        for side in (first, second)
        for model, many in list(side.models.items())[:1]
    ]
    return f"The models differ: {', '.join(words)}; {_same_model(comparison, level)}"


def _same_model(comparison: Comparison, level: float) -> str:
    """The difference among executions of the model both used most."""
    first, second = comparison.first.models, comparison.second.models
    both = sorted(first.keys() & second.keys(), key=lambda model: (-min(first[model], second[model]), model))
    if not both:
        return "no model was run by both, so model and agent cannot be told apart."
    alone = [
        {task: _of_model(attempts, both[0], comparison.measure) for task, attempts in side.items()}
        for side in (comparison.first_runs, comparison.second_runs)
    ]
    difference = compare((Stratum(*alone[0][task], *alone[1][task]) for task in sorted(alone[0])), level)
    left = f"with {plain(both[0], 60)} alone, {first[both[0]]:,} and {second[both[0]]:,} runs are left"
    if difference is None:
        return f"{left}, on no common task."
    settled = "" if difference.interval.excludes(0) else ": not enough to tell"
    return f"{left} ({points(difference)}){settled}."


def _of_model(attempts: Attempts, model: str, measure: Measure) -> tuple[int, int]:
    if attempts.models == {model: len(attempts.runs)}:
        return attempts.tallies[measure]
    outcomes = zip(attempts.runs, attempts.outcomes[measure], strict=True)
    return tallied(outcome for run, outcome in outcomes if run.model == model)


def _apart(first: Side, second: Side) -> str | None:
    if first.first_seen is None or first.last_seen is None or second.first_seen is None or second.last_seen is None:
        return None
    if first.last_seen < second.first_seen:
        earlier, later = first, second
    elif second.last_seen < first.first_seen:
        earlier, later = second, first
    else:
        return None
    return (
        f"They ran at different times: all runs of {plain(earlier.agent_id, 60)} ended before the first of "
        f"{plain(later.agent_id, 60)}, so whatever changed in between may be the reason."
    )


def _mix_distance(comparison: Comparison) -> float:
    first = Counter({task: len(attempts.runs) for task, attempts in comparison.first_runs.items()})
    second = Counter({task: len(attempts.runs) for task, attempts in comparison.second_runs.items()})
    return _distance(first, second)


def _distance(first: Counter[str], second: Counter[str]) -> float:
    """Total variation distance: the share that would have to change for the two to be distributed alike."""
    one, other = first.total(), second.total()
    return sum(abs(first[key] / one - second[key] / other) for key in sorted(first.keys() | second.keys())) / 2


def _mixed(parting: Parting) -> bool:
    """Whether either agent also made the other's choice."""
    counts = {option.action: (option.first, option.second) for option in parting.options}
    return bool(counts.get(parting.second.action, (0, 0))[0] or counts.get(parting.first.action, (0, 0))[1])
