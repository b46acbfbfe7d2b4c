"""Who decides: a named person, or nothing is decided."""

from __future__ import annotations

from soma.errors import ConfigError
from soma.vault.canon import is_person


def named(actor: str | None) -> str:
    """The name of the person who decides.

    Raises:
        ConfigError: if nobody is named, or the name is one nobody answers to.
    """
    hint = 'set SOMA_ACTOR, or actor = "Your Name" under [governance] in soma.toml'
    if not actor or not actor.strip():
        raise ConfigError("only a named person decides, and nobody is named", hint=hint)
    if not is_person(actor.strip()):
        raise ConfigError(f"{actor.strip()[:100]!r} is not the name of a person", hint=hint)
    return actor.strip()
