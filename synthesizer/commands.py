"""What to type next, ready to be copied: names from traces are cleaned and quoted for a shell."""

from __future__ import annotations

import shlex

from .wording import plain


def soma(*words: str) -> str:
    """A soma command line, for instance ``soma briefing --agent 'night shift'``."""
    return " ".join(["soma", *(shlex.quote(plain(word, 400)) for word in words)])


def show_run(execution_id: str, *, output: bool = True) -> str:
    """The command that shows one run with what its calls were and what came back."""
    return soma("decisions", "--execution", execution_id, *(["--output"] if output else []))
