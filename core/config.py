"""Settings and where each came from: flags, then ``SOMA_*``, then ``soma.toml`` or ``[tool.soma]``, then defaults."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from soma import files
from soma.errors import ConfigError

KEY_BYTES = 32
DEFAULT_VAULT = ".soma"


class AgentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[agents]]``: sources whose path matches the glob ``path`` are of the agent ``name``."""

    path: str
    name: str


class RedactSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[redact]``: whether e-mail addresses and phone numbers count as secrets too."""

    emails: bool = False
    phones: bool = False


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set in ``soma.toml``."""

    vault: str = DEFAULT_VAULT
    mapping: str | None = None
    jobs: int | None = None
    agents: list[AgentRule] = []
    redact: RedactSettings = RedactSettings()


class Sourced(msgspec.Struct, frozen=True):
    """A setting's value and what decided it."""

    value: Any
    origin: str


class Config(msgspec.Struct, frozen=True):
    """The settings in force.

    Attributes:
        settings: The values.
        origins: Name of every setting to what decided it: ``default``, a file, a variable or a flag.
    """

    settings: Settings
    origins: Mapping[str, str]


def load(folder: Path, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Config:
    """The settings in force for a command started in ``folder``.

    Args:
        folder: Where ``soma.toml`` or ``pyproject.toml`` is looked for, here and in the folders above.
        environment: Variables; ``SOMA_VAULT``, ``SOMA_JOBS`` and ``SOMA_MAPPING`` are read.
        flags: Values given on the command line; ``None`` means not given.

    Raises:
        ConfigError: if a file or value cannot be used.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.__struct_fields__, "default")
    path, table = _file(folder)
    for name, value in table.items():
        values[name] = value
        origins[name] = str(path)
    for name in ("vault", "jobs", "mapping"):
        variable = f"SOMA_{name.upper()}"
        if environment.get(variable):
            values[name] = _number(environment[variable], variable) if name == "jobs" else environment[variable]
            origins[name] = variable
    for name, value in flags.items():
        if value is not None:
            values[name] = value
            origins[name] = f"--{name}"
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as problem:
        raise ConfigError(f"a setting cannot be used: {problem}", where=str(path) if path else None) from problem
    if settings.jobs is not None and settings.jobs < 1:
        raise ConfigError("jobs must be 1 or more", where=origins["jobs"])
    return Config(settings, origins)


def _number(text: str, variable: str) -> int:
    if not text.isdigit():
        raise ConfigError(f"{variable} must be a whole number, not {text!r}")
    return int(text)


def _file(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    for place in (folder, *folder.parents):
        for name in ("soma.toml", "pyproject.toml"):
            path = place / name
            if not path.is_file():
                continue
            table = _toml(path)
            if name == "soma.toml":
                return path, table
            if "soma" in table.get("tool", {}):
                return path, table["tool"]["soma"]
    return None, {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigError(f"the file cannot be read: {problem}", where=str(path)) from problem


def home() -> Path:
    """Where soma keeps what belongs to a person, not to a vault: ``SOMA_HOME``, else the platform's data folder."""
    if os.environ.get("SOMA_HOME"):
        return Path(os.environ["SOMA_HOME"])
    import platformdirs

    return Path(platformdirs.user_data_dir("soma", appauthor=False))


def personal_key() -> bytes:
    """The key new vaults start with, made on first use: two vaults of one person then give one secret the same mark.

    Raises:
        ConfigError: if it can neither be read nor made.
    """
    path = home() / "key"
    try:
        if not path.exists():
            files.make_private_folder(path.parent)
            files.write_private_once(path, secrets.token_bytes(KEY_BYTES))
        return path.read_bytes()[:64]
    except OSError as problem:
        raise ConfigError(f"the key cannot be read or made: {problem.strerror}", where=str(path),
                          hint="point SOMA_HOME at a folder you can write to") from problem  # fmt: skip
