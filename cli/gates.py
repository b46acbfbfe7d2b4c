"""``soma gates``: does a change do better, worse, alike, or is it too early to say."""

from __future__ import annotations

from typing import Literal

import click

from .options import json_option, open_snapshot, vault_option

_NAMED = 5


@click.command("gates")
@click.option("--by", metavar="LABEL", required=True,
              help="What tells the arms: a label, or agent, model, framework, adapter, team, operator, instance, "
                   "session, day, week, month.")  # fmt: skip
@click.option("--treatment", metavar="ARM", help="Only this arm beside the control (default: all others).")
@click.option("--control", metavar="ARM", help="Hold the others against this arm (default: the most frequent).")
@click.option("--agent", metavar="NAME", help="Only runs of this agent.")
@click.option("--task", metavar="TASK", help="Only runs of the tasks of this key, or whose label contains it.")
@click.option("--across-tasks", is_flag=True,
              help="Compare runs over all tasks, not only within the same: for arms dealt by chance.")  # fmt: skip
@click.option("--delta", type=click.FloatRange(0.0, 1.0, min_open=True), default=0.10, show_default=True,
              help="Differences of success below this do not matter.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(["refuted", "collecting"]),
              help="Exit with 1 if an arm is refuted; with collecting, also if one is not decided yet.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=8, show_default=True, help="At most so many arms.")
@vault_option
@json_option
def command(
    by: str,
    treatment: str | None,
    control: str | None,
    agent: str | None,
    task: str | None,
    across_tasks: bool,
    delta: float,
    fail_on: Literal["refuted", "collecting"] | None,
    limit: int,
    vault: str | None,
    as_json: bool,
) -> None:
    """Hold arms of runs against each other: prompt versions, models, settings; on the same tasks, by success.

    May be asked after every run: the verdict stays honest however often one looks. For CI: --fail-on refuted.
    """
    from soma.errors import UsageError
    from soma.synthesizer.agents import agent_names, require_known
    from soma.synthesizer.jobs import gates
    from soma.synthesizer.jobs.gates.explain import render

    from .output import clean, emit, note

    if treatment is not None and treatment == control:
        raise UsageError(
            "--treatment and --control name the same arm", hint="name two different arms, or leave one out"
        )
    snapshot = open_snapshot(vault)
    if agent is not None:
        require_known(agent, agent_names(snapshot))
    result = gates.run(
        snapshot, by, treatment=treatment, control=control, agent=agent, task=task, across_tasks=across_tasks,
        delta=delta,
    )  # fmt: skip
    failed = gates.failing(result, (fail_on,) if fail_on else ())
    undecided = [one.treatment for one in result.comparisons if one.verdict == "collecting"]
    passed = not failed and (bool(result.comparisons) or fail_on != "collecting")
    gate = {"failOn": fail_on, "passed": passed, "failed": [one.treatment for one in failed], "undecided": undecided}
    emit(
        result,
        as_json,
        lambda found: render(found, limit=limit),
        schema="soma.gates",
        schemaVersion=1,
        gate=gate if fail_on else None,
    )
    if fail_on is None:
        return
    if not passed:
        names = ", ".join(f"{clean(one.treatment, 60)} {one.verdict}" for one in failed[:_NAMED])
        more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        note(f"gate not passed: {names or 'nothing was compared'}{more}")
        raise SystemExit(1)
    if undecided or not result.comparisons:
        what = f"{len(undecided)} of {len(result.comparisons)} not decided yet" if undecided else "nothing was compared"
        note(f"gate not failed, which is no proof: {what} (--fail-on collecting fails then)")
