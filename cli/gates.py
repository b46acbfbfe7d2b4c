"""``soma gates``: does a change, or a guidance message, do better, worse, alike, or is it too early to say."""

from __future__ import annotations

from typing import Literal, NamedTuple

import click

from .options import engine_option, json_option, open_snapshot, vault_option

_NAMED = 5


@click.command("gates")
@click.option("--by", metavar="LABEL",
              help="Compare runs; what tells their arms: a label, or agent, model, framework, adapter, team, operator, "
                   "instance, session, day, week, month.")  # fmt: skip
@click.option("--treatment", metavar="ARM", help="Only this arm beside the control (default: all others).")
@click.option("--control", metavar="ARM", help="Hold the others against this arm (default: the most frequent).")
@click.option("--agent", metavar="NAME", help="Only runs of this agent.")
@click.option("--task", metavar="TASK", help="Only runs of the tasks of this key, or whose label contains it.")
@click.option("--across-tasks", is_flag=True,
              help="Compare runs over all tasks, not only within the same: for arms dealt by chance.")  # fmt: skip
@click.option("--outcome", type=click.Choice(["recovered", "success"]),
              help="Of patterns: what counts as good (default: recovered).")  # fmt: skip
@click.option("--horizon", type=click.Choice(["1", "5", "10"]),
              help="Of patterns: recovered within so many actions (default: 5).")  # fmt: skip
@click.option("--delta", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.10, show_default=True,
              help="Differences of success below this do not matter.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(["refuted", "collecting"]),
              help="Exit with 1 if one is refuted; with collecting, also if one is not decided yet.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=8, show_default=True, help="At most so many arms.")
@vault_option
@engine_option
@json_option
def command(
    by: str | None,
    treatment: str | None,
    control: str | None,
    agent: str | None,
    task: str | None,
    across_tasks: bool,
    outcome: Literal["recovered", "success"] | None,
    horizon: str | None,
    delta: float,
    fail_on: Literal["refuted", "collecting"] | None,
    limit: int,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Is a change better? With --by: arms of runs, on the same tasks, by success. Without: every guidance pattern.

    May be asked after every run: the verdict stays honest however often one looks. For CI: --fail-on refuted.
    """
    from soma.errors import UsageError
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import gates
    from soma.synthesizer.jobs.gates.explain import render

    from .output import emit

    if by is None:
        if across_tasks or any(given is not None for given in (treatment, control, agent, task)):
            raise UsageError("these options choose among arms of runs", hint="add --by LABEL, or leave them out")
        _patterns(outcome, horizon, delta, fail_on, limit, vault, engine, as_json)
        return
    if outcome is not None or horizon is not None:
        raise UsageError("--outcome and --horizon are about guidance patterns", hint="leave --by out")
    if treatment is not None and treatment == control:
        raise UsageError(
            "--treatment and --control name the same arm", hint="name two different arms, or leave one out"
        )
    snapshot = open_snapshot(vault, engine=engine)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = gates.run(
        snapshot, by, treatment=treatment, control=control, agent=agent, task=task, across_tasks=across_tasks,
        delta=delta,
    )  # fmt: skip
    gate = _Gate(
        fail_on,
        failed={one.treatment: one.verdict for one in gates.failing(result, (fail_on,) if fail_on else ())},
        undecided=[one.treatment for one in result.comparisons if one.verdict == "collecting"],
        compared=len(result.comparisons),
    )
    emit(
        result,
        as_json,
        lambda found: render(found, limit=limit),
        schema="soma.gates",
        schemaVersion=1,
        gate=gate.told(),
    )
    gate.close()


def _patterns(
    outcome: Literal["recovered", "success"] | None,
    horizon: str | None,
    delta: float,
    fail_on: Literal["refuted", "collecting"] | None,
    limit: int,
    vault: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    from soma.errors import UsageError
    from soma.synthesizer.jobs import guidance
    from soma.synthesizer.jobs.guidance.explain import render

    from .output import emit

    if outcome == "success" and horizon is not None:
        raise UsageError("success is known at the end only", hint="leave --horizon out")
    result = guidance.run(
        open_snapshot(vault, engine=engine),
        outcome=outcome or guidance.PRIMARY,
        horizon=int(horizon or guidance.HORIZON),
        delta=delta,
    )
    gate = _Gate(
        fail_on,
        failed={f"{one.pattern} {one.version}": one.verdict
                for one in guidance.failing(result, (fail_on,) if fail_on else ())},
        undecided=[f"{one.pattern} {one.version}" for one in result.patterns if one.verdict == "collecting"],
        compared=len(result.patterns),
    )  # fmt: skip
    emit(
        result,
        as_json,
        lambda found: render(found, limit=limit),
        schema="soma.gates.patterns",
        schemaVersion=1,
        gate=gate.told(),
    )
    gate.close()


class _Gate(NamedTuple):
    """What ``--fail-on`` makes of verdicts.

    Attributes:
        failed: What does not pass, with its verdict. undecided: What is not decided yet. compared: How many there are.
    """

    fail_on: Literal["refuted", "collecting"] | None
    failed: dict[str, str]
    undecided: list[str]
    compared: int

    @property
    def passed(self) -> bool:
        return not self.failed and (bool(self.compared) or self.fail_on != "collecting")

    def told(self) -> dict[str, object] | None:
        """For programs; ``None`` without ``--fail-on``."""
        if self.fail_on is None:
            return None
        failed, undecided = list(self.failed), self.undecided
        return {"failOn": self.fail_on, "passed": self.passed, "failed": failed, "undecided": undecided}

    def close(self) -> None:
        """Say what does not pass and exit with 1, or that what is undecided is no success."""
        from .output import clean, note

        if self.fail_on is None:
            return
        if not self.passed:
            names = ", ".join(f"{clean(name, 60)} {verdict}" for name, verdict in [*self.failed.items()][:_NAMED])
            more = f" and {len(self.failed) - _NAMED} more" if len(self.failed) > _NAMED else ""
            note(f"gate not passed: {names or 'nothing was compared'}{more}")
            raise SystemExit(1)
        if self.undecided or not self.compared:
            known = f"{len(self.undecided)} of {self.compared} not decided yet"
            what = known if self.undecided else "nothing was compared"
            note(f"gate not failed, which is no proof: {what} (--fail-on collecting fails then)")
