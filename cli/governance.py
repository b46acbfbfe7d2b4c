"""``soma governance``: a person decides what becomes of findings, and tries policies on history before they bind."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import config, json_option, open_snapshot, open_vault, vault_option

if TYPE_CHECKING:
    from soma.governance.policy import Policy, Scope

_SHOWN = 20
_ALL = 1_000_000
_FILES = (".toml", ".json")


@click.group("governance")
def command() -> None:
    """Decide what binds: findings in, policies out, each by a named person and with a reason.

    Who decides is told by SOMA_ACTOR, or by actor under [governance] in soma.toml.
    """


@command.command("list")
@click.option("--status", metavar="STATUS", help="Only proposals or policies of this status: pending, active, due, ...")
@click.option("--agent", metavar="NAME", help="Only those about this agent.")
@click.option("--all", "show_all", is_flag=True, help=f"Not only the first {_SHOWN} proposals.")
@vault_option
@json_option
def list_(status: str | None, agent: str | None, show_all: bool, vault: str | None, as_json: bool) -> None:
    """What binds, and what waits for a decision."""
    from soma import clock
    from soma.governance.explain import render_list
    from soma.governance.reading import overview
    from soma.synthesizer.agents import agent_names, require_known

    from .output import emit

    root = open_vault(vault)
    if agent is not None:
        require_known(agent, agent_names(root.snapshot()))
    result = overview(root, now=clock.now(), status=status, agent=agent)
    limit = _ALL if show_all else _SHOWN
    emit(result, as_json, lambda found: render_list(found, limit=limit), schema="soma.governance.list", schemaVersion=1)


@command.command("show")
@click.argument("identity", metavar="ID")
@vault_option
@json_option
def show(identity: str, vault: str | None, as_json: bool) -> None:
    """One finding or policy with its evidence, the policy it would become, and what was decided."""
    from soma import clock
    from soma.governance import reading
    from soma.governance.explain import render_show

    from .output import emit

    result = reading.show(open_vault(vault), identity, now=clock.now())
    emit(result, as_json, render_show, schema="soma.governance.show", schemaVersion=1)


@command.command("backtest")
@click.argument("source", metavar="ID|FILE")
@vault_option
@json_option
def backtest_(source: str, vault: str | None, as_json: bool) -> None:
    """What a policy would have done so far: runs it would have stopped, and how these ended.

    SOURCE is a proposal, a policy of the canon, or a file with one policy (TOML or JSON).
    """
    from soma import clock
    from soma.governance import backtest
    from soma.governance.backtest.explain import render
    from soma.governance.reading import policy_of

    from .output import emit

    root = open_vault(vault)
    policy = _policy(source) or policy_of(root, source, now=clock.now())
    result = backtest.run(open_snapshot(vault), policy)
    emit(result, as_json, render, schema="soma.governance.backtest", schemaVersion=1)


@command.command("promote")
@click.argument("source", metavar="ID|FILE")
@click.option("--scope", "scopes", multiple=True, metavar="KIND=GLOB",
              help="Whom it is about instead: agent=GLOB, team=GLOB or task=GLOB; may be repeated.")  # fmt: skip
@click.option("--severity", type=click.Choice(["error", "warning"]), help="Stop the call (default), or warn only.")
@click.option("--mode", type=click.Choice(["enforce", "shadow"]), help="shadow counts without binding.")
@click.option("--expires", metavar="DAY", help="Its last day: 2026-12-31, 90d, or never (default: 180d).")
@click.option("--reason", default="", help="Why; kept in the audit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@vault_option
@json_option
def promote(
    source: str,
    scopes: tuple[str, ...],
    severity: str | None,
    mode: str | None,
    expires: str | None,
    reason: str,
    yes: bool,
    vault: str | None,
    as_json: bool,
) -> None:
    """Make a finding, or a policy you wrote, binding; first it is shown what it would have done so far."""
    import msgspec

    from soma import clock
    from soma.governance import backtest
    from soma.governance.actor import named
    from soma.governance.backtest.explain import render as backtest_page
    from soma.governance.decide import promote as decide
    from soma.governance.explain import render_decided
    from soma.governance.offer import Terms, offered

    from .output import console, emit

    root, settings = open_vault(vault), config(vault=vault).settings.governance
    actor, now = named(settings.actor), clock.now()
    day, never = _last_day(expires, now)
    terms = msgspec.convert(
        {"scope": _scope(scopes), "severity": severity, "mode": mode, "expires": day, "never": never}, Terms
    )
    asked: str | Policy = _policy(source) or source
    policy = offered(root, asked, terms, now=now)
    tried = backtest.run(open_snapshot(vault), policy)
    if not yes:
        _ask(as_json, lambda: console().print(backtest_page(tried), crop=False), f"Promote {policy.id} as {actor}?")
    result = decide(root, asked, terms, actor=actor, now=now, reason=reason, two_person=settings.two_person,
                    backtest=tried, expected=policy)  # fmt: skip
    if not yes:
        result = msgspec.structs.replace(result, backtest=None)
    emit(result, as_json, render_decided, schema="soma.governance.promote", schemaVersion=1)


def _ask(as_json: bool, show_page: Callable[[], None], question: str) -> None:
    from soma.errors import UsageError

    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("nobody is there to be asked", hint="look at soma governance backtest first, then add --yes")
    show_page()
    if not click.confirm(question, err=True):
        raise click.Abort


@command.command("reject")
@click.argument("identity", metavar="ID")
@click.option("--reason", required=True, help="Why; kept in the audit.")
@vault_option
@json_option
def reject(identity: str, reason: str, vault: str | None, as_json: bool) -> None:
    """Decide that a finding does not become a policy; it is not proposed again."""
    from soma import clock
    from soma.governance.decide import reject as decide
    from soma.governance.explain import render_decided

    from .output import emit

    actor = config(vault=vault).settings.governance.actor
    result = decide(open_vault(vault), identity, actor=actor, reason=reason, now=clock.now())
    emit(result, as_json, render_decided, schema="soma.governance.reject", schemaVersion=1)


@command.command("retire")
@click.argument("identity", metavar="ID")
@click.option("--reason", required=True, help="Why; kept in the audit.")
@vault_option
@json_option
def retire(identity: str, reason: str, vault: str | None, as_json: bool) -> None:
    """Take a policy out of force; it stays in the canon as retired."""
    from soma import clock
    from soma.governance.decide import retire as decide
    from soma.governance.explain import render_decided

    from .output import emit

    actor = config(vault=vault).settings.governance.actor
    result = decide(open_vault(vault), identity, actor=actor, reason=reason, now=clock.now())
    emit(result, as_json, render_decided, schema="soma.governance.retire", schemaVersion=1)


@command.command("history")
@click.argument("identity", metavar="[ID]", required=False)
@vault_option
@json_option
def history(identity: str | None, vault: str | None, as_json: bool) -> None:
    """Who decided what, when and why; of one finding or policy, or all of it."""
    from soma.governance import reading
    from soma.governance.explain import render_history

    from .output import emit

    result = reading.history(open_vault(vault), identity)
    emit(result, as_json, render_history, schema="soma.governance.history", schemaVersion=1)


@command.command("verify")
@click.option("--head", metavar="HASH", help="Hash of an entry you noted earlier: it must be there.")
@vault_option
@json_option
def verify(head: str | None, vault: str | None, as_json: bool) -> int:
    """Hold the canon against the audit, and the audit against itself.

    Exit code 1 says that something does not hold.
    """
    from soma.governance import reading
    from soma.governance.explain import render_verify

    from .output import emit

    result = reading.verify(open_vault(vault), head=head)
    emit(result, as_json, render_verify, schema="soma.governance.verify", schemaVersion=1)
    return 1 if result.findings else 0


@command.command("export")
@click.option("--to", "form", type=click.Choice(["markdown"]), required=True, help="The form to write.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@vault_option
@json_option
def export(form: str, folder: Path, vault: str | None, as_json: bool) -> None:  # noqa: ARG001 - there is one form so far
    """Write canon, proposals and audit as files to read in an editor and compare in git."""
    from rich.text import Text

    from soma import clock
    from soma.governance.markdown import export as write

    from .output import clean, emit

    result = write(open_vault(vault), folder, now=clock.now())
    emit(
        result, as_json, lambda done: Text(f"{len(done.files):,} files in {clean(done.folder)}; begin with index.md."),
        schema="soma.governance.export", schemaVersion=1,
    )  # fmt: skip


def _policy(source: str) -> Policy | None:
    """The policy of a file, where a file is meant."""
    from soma.errors import UsageError
    from soma.governance.policy import read_policies

    if not source.endswith(_FILES):
        return None
    found = read_policies(Path(source))
    if len(found) != 1:
        raise UsageError(f"{source} holds {len(found)} policies", hint="name a file with one policy")
    return found[0]


def _scope(given: tuple[str, ...]) -> Scope | None:
    from soma.errors import UsageError
    from soma.governance.policy import Scope

    if not given:
        return None
    globs: dict[str, list[str]] = {"agent": [], "team": [], "task": []}
    for text in given:
        kind, _, glob = text.partition("=")
        if kind not in globs or not glob:
            raise UsageError(f"{text!r} is no scope", hint="write --scope agent=GLOB, team=GLOB or task=GLOB")
        globs[kind].append(glob)
    return Scope(agents=tuple(globs["agent"]), teams=tuple(globs["team"]), tasks=tuple(globs["task"]))


def _last_day(text: str | None, now: int) -> tuple[dt.date | None, bool]:
    """The day meant, and whether there is to be none."""
    from soma import clock
    from soma.errors import UsageError

    if text is None or text == "never":
        return None, text == "never"
    try:
        if text.endswith("d") and text[:-1].isascii() and text[:-1].isdigit():
            return clock.to_datetime(now).date() + dt.timedelta(days=int(text[:-1])), False
        return dt.date.fromisoformat(text), False
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no day", hint="write --expires 2026-12-31, 90d or never") from None
