"""The entry point: commands are imported when they are called, errors become one message and an exit code."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import sys
from pathlib import Path

import click

from soma.errors import SomaError
from soma.lean import keep_pandas_out, let_pandas_in

COMMANDS: dict[str, str] = {
    "harvest": "soma.cli.harvest",
    "status": "soma.cli.status",
    "briefing": "soma.cli.briefing",
    "divergence": "soma.cli.divergence",
    "localize": "soma.cli.localize",
    "decisions": "soma.cli.decisions",
    "signatures": "soma.cli.signatures",
    "variants": "soma.cli.variants",
    "archetypes": "soma.cli.archetypes",
    "map": "soma.cli.map",
    "conformance": "soma.cli.conformance",
    "drift": "soma.cli.drift",
    "replay": "soma.cli.replay",
    "patterns": "soma.cli.patterns",
    "gates": "soma.cli.gates",
    "grade": "soma.cli.grade",
    "calibrate": "soma.cli.calibrate",
    "tasks": "soma.cli.tasks",
    "insights": "soma.cli.insights",
    "governance": "soma.cli.governance",
    "lessons": "soma.cli.lessons",
    "healing": "soma.cli.healing",
    "evidence": "soma.cli.evidence",
    "policies": "soma.cli.policies",
    "chain": "soma.cli.chain",
    "mcp": "soma.cli.mcp",
    "synthesize": "soma.cli.synthesize",
    "report": "soma.cli.report",
    "nightly": "soma.cli.nightly",
    "schedule": "soma.cli.schedule",
    "outcomes": "soma.cli.outcomes",
    "operators": "soma.cli.operators",
    "sources": "soma.cli.sources",
    "secrets": "soma.cli.secrets",
    "export": "soma.cli.export",
    "vault": "soma.cli.vault",
    "config": "soma.cli.config",
}


class Commands(click.Group):
    """Finds a command's module by name, so that ``soma --help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order a new user needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command called; an unknown name is answered with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            also = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{also}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of ``--help``, from one-line descriptions that need no import."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _SHORT[name]) for name in COMMANDS])


_SHORT = {
    "harvest": "read traces into the vault",
    "status": "what the vault holds, and the agents by health",
    "briefing": "is this agent healthy, why not, what to do",
    "divergence": "at which step do agents part, and is it real",
    "localize": "which decision made a run fail",
    "decisions": "one run, decision by decision",
    "signatures": "the paths agents take, and how they end",
    "variants": "the few paths that most runs of a task take",
    "archetypes": "kinds of runs, by how alike their paths are",
    "map": "which action follows which, as table, picture or event log",
    "conformance": "how far a run keeps to the usual way, move by move",
    "drift": "since when an agent behaves differently",
    "replay": "an agent's pressure, action by action, and why it rose",
    "patterns": "what guidance there is, when it fires and what it advises",
    "gates": "does a change, or a guidance message, do better, worse, alike, or is it too early to say",
    "grade": "what predicts failure, and what only seems to",
    "calibrate": "learn from runs whose end is known what failing looks like",
    "tasks": "what several runs attempted alike",
    "healing": "what helps after a failure, and what does not",
    "lessons": "errors that were fixed, how, and how often that worked",
    "evidence": "what a finding or a run rests on, down to the bytes",
    "insights": "what the nightly jobs found, with evidence and confidence",
    "governance": "decide what binds: findings in, policies out",
    "policies": "what binds and what is advised, for agents, guards and other programs",
    "chain": "who consulted a policy, who followed it, and how that ended",
    "mcp": "serve the vault to agents over the Model Context Protocol",
    "synthesize": "run all jobs over what is new and keep their findings",
    "report": "everything in one JSON file, or on one page",
    "nightly": "all of it, every night: harvest to report",
    "schedule": "print what makes cron, systemd or launchd run the night",
    "outcomes": "tell soma from outside which runs achieved their task",
    "operators": "who stands behind the runs: operators, sessions, teams",
    "sources": "what the sources can and cannot tell",
    "secrets": "which secrets stand where, never the secrets",
    "export": "runs in a format other tools read",
    "vault": "look at, check and tidy the vault",
    "config": "the settings in force and where they come from",
}


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="soma-harvest", prog_name="soma")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:  # noqa: ARG001
    """Folders of AI-agent traces in; decisions, and statistics one can trust, out.

    Start with: soma harvest PATH. Called alone where a vault is, soma shows its status.
    """
    if ctx.invoked_subcommand is None:
        from soma.config import load

        here = Path.cwd()
        settings = load(here, os.environ, {}).settings
        if "://" in settings.vault or (here / settings.vault / "vault.json").is_file():
            ctx.invoke(importlib.import_module("soma.cli.status").command)
        else:
            click.echo(ctx.get_help())


def _here() -> Path:
    return Path.cwd()


_ALLOCATIONS = 50_000
"""New objects between two collections: modules, of which there are hundreds, would be looked through over and over."""


def main() -> None:
    """Run the command line as a process that is soma's own, and exit with its code."""
    gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])
    # All that is left then goes with the process: to look through it, as the interpreter does, frees nothing.
    atexit.register(gc.freeze)
    keep_pandas_out()
    try:
        _run()
    finally:
        let_pandas_in()


def _run() -> None:
    """Run the command line and exit with its code.

    This is the second place that catches everything: whatever happens, a person sees a message and what to type next.
    """
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that knows no ✔ shows a ? instead of an error.
            stream.reconfigure(errors="replace")
    try:
        code = cli.main(prog_name="soma", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2 if isinstance(problem, click.UsageError) else problem.exit_code)
    except BrokenPipeError:
        # The reader of our output went away (soma … | head): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except SomaError as problem:
        if debug:
            raise
        _show(problem.message, problem.where, problem.hint)
        sys.exit(problem.exit_code)
    except Exception as problem:
        if debug:
            raise
        told = f"soma broke: {type(problem).__name__}: {problem}"
        _show(told, None, "run it again with --debug and report the traceback")
        sys.exit(70)


def _show(message: str, where: str | None, hint: str) -> None:
    from .output import clean

    click.echo(f"soma: {clean(message)}", err=True)
    if where:
        click.echo(f"  at {clean(where)}", err=True)
    click.echo(f"  → {clean(hint)}", err=True)


if __name__ == "__main__":
    main()
