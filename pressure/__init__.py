"""The behavioural core: from each action of an agent to a pressure and a mode.

    >>> from soma.pressure import Action, Engine
    >>> engine = Engine()
    >>> reading = engine.step("mailer", Action(action="exec:himalaya", tool="exec", role="shell", outcome="ok"))
    >>> reading.mode.name
    'OBSERVE'

The engine imports ``soma`` core only, so that a hook can load it in milliseconds; ``soma.pressure.replay`` drives it
over recordings and executions of a vault.
"""

from __future__ import annotations

from .action import Action, of_row
from .constants import ENGINE_VERSION, SIGNALS
from .engine import Configuration, Engine, StateError, configuration_of
from .graph import Edge
from .modes import Mode
from .reading import Reading

__all__ = [
    "ENGINE_VERSION",
    "SIGNALS",
    "Action",
    "Configuration",
    "Edge",
    "Engine",
    "Mode",
    "Reading",
    "StateError",
    "configuration_of",
    "of_row",
]
