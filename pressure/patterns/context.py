"""Context: the model's context window is nearly full."""

from __future__ import annotations

from functools import lru_cache

from .finding import Finding, Pattern, Severity, Situation

FULL, NEARLY = 0.80, 0.95
"""Share of the window that is filled: seed 000 says 80 %; critical from 95 % on (ours)."""

WINDOWS: tuple[tuple[str, int], ...] = (
    ("gpt-5", 400_000),
    ("gpt-4.1", 1_047_576),
    ("gpt-4o", 128_000),
    ("gpt-4-turbo", 128_000),
    ("gpt-4-32k", 32_768),
    ("gpt-4", 8_192),
    ("gpt-3.5-turbo", 16_385),
    ("o1", 200_000),
    ("o3", 200_000),
    ("o4-mini", 200_000),
    ("claude-", 200_000),
    ("gemini-1.5-pro", 2_097_152),
    ("gemini-", 1_048_576),
    ("mistral-small", 128_000),
    ("mistral-large", 128_000),
    ("kimi-", 262_144),
    ("deepseek-", 128_000),
)
"""Tokens a model takes by the beginning of its name, as its maker documents it; the first that fits decides.
``[patterns] context_window`` in ``soma.toml`` overrides it; a model that is not listed is not judged."""


@lru_cache(maxsize=256)
def window_of(model: str | None) -> int | None:
    """Tokens the model takes; ``None`` when not known. A gateway's part of the name (``openai/``) is left out."""
    name = (model or "").rpartition("/")[2].lower()
    return next((size for beginning, size in WINDOWS if name.startswith(beginning)), None)


class Context(Pattern):
    """Fires when the call that made the choice filled at least 80 % of the model's context window.

    A call holds what it read and what it wrote. Where the source counts cached tokens apart, what is known of a call is
    less than what it held: then the pattern is late or silent, never early.

    Args:
        window: Tokens of the context window whatever the model; ``None`` takes them from ``WINDOWS``.
    """

    name = "context"
    priority = 2
    cooldown = 20

    def __init__(self, window: int | None = None) -> None:
        self._window = window
        self.setting = "" if window is None else str(window)

    def match(self, situation: Situation) -> Finding | None:
        """The finding, if the window is nearly full."""
        held = situation.state.window.recent[-1].tokens
        size = self._window or window_of(situation.action.model)
        if held is None or size is None or held < FULL * size:
            return None
        return Finding(
            self.name,
            Severity.CRITICAL if held >= NEARLY * size else Severity.WARN,
            f"{held:,} tokens fill {min(100, 100 * held // size)} % of a context window of {size:,}",
            "Write down what was done and what is left, save the work, and go on with a fresh context.",
            "write",
        )
