"""``soma decisions``: one run, decision by decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from soma.errors import UsageError

from .options import json_option, open_snapshot, vault_option

if TYPE_CHECKING:
    from soma.synthesizer.jobs.chain import Chains


@click.command("decisions")
@click.option("--trace", metavar="FILE", type=click.Path(exists=True, dir_okay=False),
              help="A trace file; needs no vault.")  # fmt: skip
@click.option("--execution", metavar="ID", help="An execution of the vault; the beginning of its id is enough.")
@click.option("--format", "format_", metavar="NAME", help="Read the file as this format instead of recognising it.")
@click.option("--reasoning", is_flag=True, help="Show the whole reasoning.")
@click.option("--output", "show_output", is_flag=True, help="Show arguments and outputs.")
@vault_option
@json_option
def command(
    trace: str | None,
    execution: str | None,
    format_: str | None,
    reasoning: bool,
    show_output: bool,
    vault: str | None,
    as_json: bool,
) -> None:
    """Show what an agent decided, step by step: ✔ ok, ✘ failed, ○ skipped, ? without a result.

    Secrets are redacted here too.
    """
    from soma.synthesizer.jobs import chain
    from soma.synthesizer.jobs.chain.explain import render

    from .output import emit

    if (trace is None) == (execution is None):
        hint = "soma decisions --trace FILE, or --execution ID"
        raise UsageError("name either a trace file or an execution", hint=hint)
    result = _from_file(trace, format_) if trace is not None else chain.run(open_snapshot(vault), execution or "")
    emit(result, as_json, lambda chains: render(chains, reasoning=reasoning, output=show_output))


def _from_file(path: str, format_: str | None) -> Chains:
    from soma.api.trace import rows_of
    from soma.synthesizer.jobs import chain

    rows = rows_of(path, format_)
    return chain.of_tables(rows.executions, rows.decisions)
