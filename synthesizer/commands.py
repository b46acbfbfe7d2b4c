"""What to type next, ready to be copied: names from traces are cleaned and quoted for a shell."""

from __future__ import annotations

import shlex
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .wording import plain

if TYPE_CHECKING:
    from rich.text import Text


_vault: ContextVar[str | None] = ContextVar("vault", default=None)


def name_vault(vault: str | None) -> None:
    """From here on, commands shown name this vault: the person who types them named it too. ``None``: they did not."""
    _vault.set(vault)


def soma(*words: str) -> str:
    """A soma command line, for instance ``soma briefing --agent 'night shift'``."""
    return " ".join(["soma", *(shlex.quote(plain(word, 400)) for word in words)])


def show_run(execution_id: str, *, reasoning: bool = False) -> str:
    """The command that shows one run with what its calls were and what came back."""
    return soma("decisions", "--execution", execution_id, *(["--reasoning"] if reasoning else []), "--output")


def command_line(command: str) -> Text:
    """A command on a line of its own; a long one is never broken, so that it can be copied."""
    from rich.text import Text

    vault = _vault.get()
    named = "" if vault is None else f" --vault {shlex.quote(plain(vault, 400))}"
    return Text(f"     {command}{named}", style="cyan", no_wrap=True, overflow="ignore")
