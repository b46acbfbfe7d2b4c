"""Plugin for pytest: assert how an agent's run went, in a test that sees each change of a prompt before its users do.

    def test_the_mailer_stays_calm(soma_trace):
        runs = soma_trace("out/session.jsonl")     # any format soma reads, a recording, or actions the test made
        runs.stays_below("WARN")
        runs.never_fires("retry_storm", "blind_edit")

Thresholds and budgets are those of the ``soma.toml`` that ``soma_config`` in pytest's settings names, if any. The
plugin loads nothing of soma but its core; the rest comes when a test asks for ``soma_trace``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from soma.api.observed import Observed
    from soma.pressure import Action


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting ``soma_config``."""
    parser.addini("soma_config", "A soma.toml whose [thresholds] and [budget] soma_trace goes by, beside this file.")


@pytest.fixture
def soma_trace(request: pytest.FixtureRequest) -> Callable[..., Observed]:
    """Watch a run: ``soma_trace(path_or_actions, *, config=None, format=None)``, see ``soma.api.observed``."""

    def watch(
        what: str | Path | Iterable[Action],
        *,
        config: str | Path | None = None,
        format: str | None = None,  # noqa: A002
    ) -> Observed:
        from soma.api.observed import observe
        from soma.pressure.replay.run import configuration_file

        named = config or _configured(request.config)
        return observe(what, configuration_file(str(named)) if named else None, format_=format)

    return watch


def _configured(config: pytest.Config) -> Path | None:
    told = config.getini("soma_config")
    return config.rootpath / told if told else None
