"""A task in the making: the executions taken together, and what put each of them there."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from .model import Attempt, Found
from .normalise import is_cut

WAYS: tuple[Found, ...] = ("file", "explicit", "text", "like text", "template")


class Text(NamedTuple):
    """A request without what changes between attempts, and its form: the template it was made from, else itself."""

    reduced: str
    form: str


class Place(NamedTuple):
    """The task of one execution: its key, how it was found, and the text where that decided."""

    key: str
    found: Found
    text: Text | None = None


class Group(msgspec.Struct):
    """What was taken together.

    Attributes:
        attempts, places: One of each per execution, in the order of execution ids.
        by: Executions by how they were found.
        texts: Executions by the text that decided.
        cut: Executions placed by a text of which only the beginning is stored.
    """

    attempts: list[Attempt] = msgspec.field(default_factory=list)
    places: list[Place] = msgspec.field(default_factory=list)
    by: Counter[Found] = msgspec.field(default_factory=Counter)
    texts: Counter[Text] = msgspec.field(default_factory=Counter)
    cut: int = 0

    def add(self, attempt: Attempt, place: Place) -> None:
        """Take one more execution in."""
        self.attempts.append(attempt)
        self.places.append(place)
        self.by[place.found] += 1
        if place.text is not None:
            self.texts[place.text] += 1
            self.cut += is_cut(attempt.task_text or "")

    @property
    def found(self) -> Found:
        """How it was found: by a rule if one decided any of it, else the way of most executions."""
        return "file" if self.by["file"] else min(self.by, key=lambda way: (-self.by[way], WAYS.index(way)))
