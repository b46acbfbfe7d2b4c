"""From rows of features to columns with their penalties, and from coefficients back to a model. Pure.

Columns: a constant; one per framework and one per agent (what they fail by themselves); the dense block, standardised;
the same once more for every agent with enough executions; the text block where it is asked for. The penalty is the
inverse variance of what is believed beforehand, so an agent's own part is drawn to zero, which is the pool: what an
agent needs of its own it must show (partial pooling; Gelman & Hill, *Data Analysis Using Regression and
Multilevel/Hierarchical Models* (2007), ch. 12).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from . import features
from .model import Model, Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FREE, _FRAMEWORK, _AGENT = 1e-3, 0.1, 1.0
"""Penalties of the constant, of a framework, of an agent: log odds with a standard deviation of 32, 3 and 1."""
_OWN = 4.0
"""An agent's own coefficients are believed to differ from the pool's by half of what these are."""
_WORDS = 3.0
"""By what the text block, whose rows have length 1, is multiplied beside standardised columns."""
_LEAST_OWN, _MOST_OWN = 20, 16
_FAR = 4.0
_LEAST_SPREAD = 1e-9
_DIGITS = 6


class Design(msgspec.Struct, frozen=True):
    """How rows become columns, settled by the rows that are fitted."""

    frameworks: list[str]
    agents: list[str]
    own: list[str]
    middle: Floats
    spread: Floats

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Design:
        """The design these rows ask for."""
        import numpy as np

        dense = np.array([row.dense for row in rows], dtype=np.float64)
        # Ordered sums in one thread: numpy's mean over the first axis adds row by row.
        middle = dense.sum(axis=0) / len(rows)
        spread = np.sqrt(((dense - middle) ** 2).sum(axis=0) / len(rows))
        many = Counter(row.agent_id for row in rows)
        often = sorted((name for name in many if many[name] >= _LEAST_OWN), key=lambda name: (-many[name], name))
        own = often[:_MOST_OWN] if len(many) > 1 else []
        return cls(
            sorted({row.framework for row in rows}),
            sorted(many),
            own,
            middle,
            np.where(spread < _LEAST_SPREAD, 1.0, spread),
        )

    def columns(self, rows: Sequence[Row]) -> Floats:
        """The rows with all columns but the text block."""
        import numpy as np

        dense = np.array([row.dense for row in rows], dtype=np.float64).reshape(len(rows), len(self.middle))
        dense = np.clip((dense - self.middle) / self.spread, -_FAR, _FAR)
        framework = _marks([row.framework for row in rows], self.frameworks)
        agent = _marks([row.agent_id for row in rows], self.agents)
        own = [dense * _marks([row.agent_id for row in rows], [name]) for name in self.own]
        found: Floats = np.concatenate([np.ones((len(rows), 1)), framework, agent, dense, *own], axis=1)
        return found

    def penalties(self, strength: float) -> Floats:
        """Of the same columns."""
        import numpy as np

        width = len(self.middle)
        parts = ((_FREE, 1), (_FRAMEWORK, len(self.frameworks)), (_AGENT, len(self.agents)), (strength, width),
                 (_OWN * strength, width * len(self.own)))  # fmt: skip
        found: Floats = np.concatenate([np.full(many, value) for value, many in parts])
        return found

    def model(self, coefficients: Floats, after: int, patterns: Sequence[str], strength: float, text: bool) -> Model:
        """The coefficients by name, rounded to six digits: what is stored is what is used."""
        rounded = [_rounded(value) for value in coefficients.tolist()]
        width = len(self.middle)
        at = 1 + len(self.frameworks) + len(self.agents)
        owned = {name: rounded[at + width * (place + 1) :][:width] for place, name in enumerate(self.own)}
        return Model(
            after=after, features=features.VERSION, patterns=list(patterns), strength=strength, text=text,
            middle=[_rounded(value) for value in self.middle.tolist()],
            spread=[_rounded(value) for value in self.spread.tolist()], base=rounded[0],
            frameworks=dict(zip(self.frameworks, rounded[1:], strict=False)),
            agents=dict(zip(self.agents, rounded[1 + len(self.frameworks) :], strict=False)),
            dense=rounded[at : at + width], own=owned, words=rounded[at + width * (1 + len(self.own)) :],
        )  # fmt: skip


def words(rows: Sequence[Row]) -> Floats:
    """The text block of the rows."""
    import numpy as np

    found: Floats = _WORDS * np.array([row.text for row in rows], dtype=np.float64).reshape(len(rows), features.WIDTH)
    return found


def log_odds(model: Model, row: Row) -> float:
    """The log odds of failure that a stored model gives; an agent or framework it does not know is like the pool."""
    own = model.own.get(row.agent_id)
    total = model.base + model.frameworks.get(row.framework, 0.0) + model.agents.get(row.agent_id, 0.0)
    for place, value in enumerate(row.dense):
        standard = max(-_FAR, min(_FAR, (value - model.middle[place]) / model.spread[place]))
        total += standard * (model.dense[place] + (own[place] if own else 0.0))
    for value, weight in zip(row.text, model.words, strict=False):
        total += _WORDS * value * weight
    return total


def _marks(names: Sequence[str], known: Sequence[str]) -> Floats:
    import numpy as np

    found: Floats = np.array([[float(name == one) for one in known] for name in names]).reshape(len(names), len(known))
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") + 0.0
