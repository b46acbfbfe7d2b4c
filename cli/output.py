"""Data on stdout, everything else on stderr; text from traces never becomes markup or terminal control."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from soma import codec
from soma.synthesizer.wording import plain as clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["clean", "console", "emit", "note", "progress"]

_Result = TypeVar("_Result")
_WIDTH = 100
_NARROWEST = 40


def console(*, stderr: bool = False) -> Console:
    """A console for people; plain and of fixed width when the output is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _width()
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    return max(_NARROWEST, int(columns)) if columns.isascii() and columns.isdigit() and len(columns) < 5 else _WIDTH


def emit(result: _Result, as_json: bool, render: Callable[[_Result], RenderableType], **envelope: Any) -> None:
    """Print a result: rendered for a person, or as one JSON object for a program.

    Args:
        result: A typed result.
        as_json: What ``--json`` says.
        render: How a person sees it.
        envelope: Keys put in front of the result's own, when it does not name its schema itself.
    """
    if as_json:
        click.echo(codec.pretty({**envelope, **msgspec.to_builtins(result, str_keys=True)} if envelope else result))
        return
    screen = console()
    # Commands to copy may be longer than the screen is wide: they are neither cut nor broken.
    if screen.is_terminal:
        screen.print(render(result), crop=False)
        return
    with screen.capture() as page:
        screen.print(render(result), crop=False)
    click.echo("\n".join(line.rstrip() for line in page.get().rstrip("\n").split("\n")))


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Names what is being done on stderr, when a person is watching."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield lambda _: None
        return
    with screen.status("") as status:
        yield lambda name: status.update(clean(name))


def note(text: str) -> None:
    """One line for the person at the terminal, on stderr."""
    click.echo(clean(text), err=True)
