"""Choices that findings advise for or against, in one form, so that findings that contradict each other are seen."""

from __future__ import annotations

from collections.abc import Sequence


def after(prefix: Sequence[str], action: str) -> str:
    """The choice of ``action`` once ``prefix`` was taken."""
    return " > ".join((*prefix, action))


def of_role(role: str, tool: str) -> str:
    """The choice of ``tool`` for what a role is there for."""
    return f"{role}: {tool}"
