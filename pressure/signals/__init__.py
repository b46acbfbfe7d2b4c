"""The five signals, one module each: a value per action from a state of fixed size."""

from __future__ import annotations

from .drift import Drift
from .error_rate import ErrorRate
from .uncertainty import Uncertainty
from .velocity import Velocity

__all__ = ["Drift", "ErrorRate", "Uncertainty", "Velocity"]
