"""The observations of one trace by their parents."""

from __future__ import annotations

from collections.abc import Iterator

from .observation import Observation

_DEEPEST = 1000


class Tree:
    """The observations of a trace.

    Attributes:
        nodes: By id.
        ordered: In the order they began.
        roots: Those without a parent; empty for an export that lost them.
    """

    def __init__(self, observations: list[Observation]) -> None:
        self.nodes = {observation.observation_id: observation for observation in observations}
        self.ordered = sorted(self.nodes.values(), key=lambda observation: observation.place)
        self.roots = [node for node in self.ordered if node.parent_id is None and node.kind != "EVENT"]

    def above(self, observation_id: str) -> Iterator[str]:
        """Ids of the observations around one, the nearest first."""
        node = self.nodes.get(observation_id)
        seen = {observation_id}
        while node is not None and node.parent_id is not None and node.parent_id not in seen and len(seen) < _DEEPEST:
            seen.add(node.parent_id)
            node = self.nodes.get(node.parent_id)
            if node is not None:
                yield node.observation_id
