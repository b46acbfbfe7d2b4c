"""Settings and where each came from: flags, then ``SOMA_*``, then ``soma.toml`` or ``[tool.soma]``, then defaults."""

from __future__ import annotations

import os
import re
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
LOCAL_ENGINE = "local"
_MEMORY = re.compile(r"\d+(\.\d+)? ?[MG]i?B")
_AT = re.compile(r"at `\$\.([a-z]+)")


class AgentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[agents]]``: sources whose path matches the glob ``path`` are of the agent ``name``."""

    path: str
    name: str


class RedactSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[redact]``: whether e-mail addresses and phone numbers count as secrets too."""

    emails: bool = False
    phones: bool = False


class TaskRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[tasks]]``: executions that meet all conditions attempt the task ``task``, or are not to be compared at all.

    Globs know ``*`` and ``?``; the rules are tried in their order, the first that holds decides.

    Attributes:
        task: Name of the task. comparable: ``false`` instead of a name: these executions belong to no task.
        id: Glob for the id the source gives the task.
        text: Glob for the whole first request, in any case and spacing.
        regex: Regular expression (RE2 syntax) found somewhere in the first request.
        agent: Glob for the agent.
        labels: Globs for labels of the execution, all of which it must have.
    """

    task: str | None = None
    comparable: bool = True
    id: str | None = None
    text: str | None = None
    regex: str | None = None
    agent: str | None = None
    labels: dict[str, str] = {}

    def __post_init__(self) -> None:
        if (self.task is None) == self.comparable:
            raise ValueError("a task rule needs either a name (task = ...) or comparable = false")
        if self.task is not None and not self.task.strip():
            raise ValueError("a task needs a name that is not empty")
        if not self.labels and all(value is None for value in (self.id, self.text, self.regex, self.agent)):
            raise ValueError("a task rule needs a condition: id, text, regex, agent or labels")


class TeamRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[teams]]``: executions whose trace names no team are of the team ``team`` when a glob matches.

    Globs know ``*`` and ``?``; the rules are tried in their order, the first that holds decides. A team that a trace
    names itself always stands.

    Attributes:
        team: Name of the team.
        agents: Globs for the agent. operators: Globs for the operator.
    """

    team: str
    agents: list[str] = []
    operators: list[str] = []

    def __post_init__(self) -> None:
        if not self.team.strip():
            raise ValueError("a team needs a name that is not empty")
        if not self.agents and not self.operators:
            raise ValueError("a team rule needs a condition: agents or operators")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be spent: tokens and US dollars; ``None`` is no limit, 0 is nothing at all."""

    tokens: int | None = None
    cost_usd: float | None = None

    def __post_init__(self) -> None:
        for name, limit in (("tokens", self.tokens), ("cost_usd", self.cost_usd)):
            if limit is not None and not 0 <= limit < float("inf"):
                raise ValueError(f"{name} must be a number from 0 up")


class BudgetSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[budget]``: limits of one session; ``[budget.agent]``: limits of one agent over all its sessions."""

    tokens: int | None = None
    cost_usd: float | None = None
    agent: Limits = Limits()

    def __post_init__(self) -> None:
        _ = self.session

    @property
    def session(self) -> Limits:
        """The limits of one session."""
        return Limits(self.tokens, self.cost_usd)


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[thresholds]``: the pressures from which agents are guided, warned, and kept from what cannot be undone."""

    guide: float = 0.25
    warn: float = 0.50
    block: float = 0.75

    def __post_init__(self) -> None:
        if not 0 < self.guide <= self.warn <= self.block <= 1:
            raise ValueError("thresholds must rise: 0 < guide <= warn <= block <= 1")


class TrustRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[[trust]]``: agents that match ``target`` feel ``trust`` (0 to 1) of the distress of those matching ``source``.

    Names are globs; of several rules about one pair the first holds, and it goes before what delegation suggests.
    """

    source: str
    target: str
    trust: float

    def __post_init__(self) -> None:
        if not 0 <= self.trust <= 1:
            raise ValueError("trust lies between 0 and 1")


class PatternSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[patterns]``: tokens the context window of every model holds; ``None`` goes by the name of the model."""

    context_window: int | None = None

    def __post_init__(self) -> None:
        if self.context_window is not None and self.context_window <= 0:
            raise ValueError("context_window must be a number of tokens from 1 up")


class GovernanceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[governance]``: who decides, and whether a promotion needs a second person who confirms it."""

    actor: str | None = None
    two_person: bool = False


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set in ``soma.toml``; ``tasks`` may stand in ``tasks.toml`` beside it instead.

    ``memory`` is what queries may take (``2GB``); what does not fit is spilled to the disk.
    """

    vault: str = DEFAULT_VAULT
    mapping: str | None = None
    jobs: int | None = None
    engine: str = LOCAL_ENGINE
    memory: str | None = None
    agents: list[AgentRule] = []
    redact: RedactSettings = RedactSettings()
    tasks: list[TaskRule] = []
    teams: list[TeamRule] = []
    budget: BudgetSettings = BudgetSettings()
    thresholds: Thresholds = Thresholds()
    trust: list[TrustRule] = []
    patterns: PatternSettings = PatternSettings()
    governance: GovernanceSettings = GovernanceSettings()


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
        folder: Where ``soma.toml``, ``pyproject.toml`` or ``tasks.toml`` is looked for, here and in the folders above.
        environment: Variables; ``SOMA_VAULT``, ``SOMA_JOBS``, ``SOMA_MAPPING``, ``SOMA_ENGINE``, ``SOMA_MEMORY`` and
            ``SOMA_ACTOR`` are read.
        flags: Values given on the command line; ``None`` means not given.

    Raises:
        ConfigError: if a file or value cannot be used.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.__struct_fields__, "default")
    for path, table in _files(folder):
        for name, value in table.items():
            if name in values:
                hint = f"keep the rules in one place: {path}, or [[{name}]] in {origins[name]}"
                raise ConfigError(f"{name} stands in two files", where=str(path), hint=hint)
            values[name] = value
            origins[name] = str(path)
    for name in ("vault", "jobs", "mapping", "engine", "memory"):
        variable = f"SOMA_{name.upper()}"
        if environment.get(variable):
            values[name] = _number(environment[variable], variable) if name == "jobs" else environment[variable]
            origins[name] = variable
    if environment.get("SOMA_ACTOR"):
        own = values.get("governance", {})
        values["governance"] = {**(own if isinstance(own, dict) else {}), "actor": environment["SOMA_ACTOR"]}
        origins["governance"] = "SOMA_ACTOR" if not own else f"{origins['governance']}, SOMA_ACTOR"
    for name, value in flags.items():
        if value is not None:
            values[name] = value
            origins[name] = f"--{name}"
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as problem:
        raise ConfigError(f"a setting cannot be used: {problem}", where=_origin(problem, origins)) from problem
    if settings.jobs is not None and settings.jobs < 1:
        raise ConfigError("jobs must be 1 or more", where=origins["jobs"])
    if settings.memory is not None and not _MEMORY.fullmatch(settings.memory):
        raise ConfigError("memory must be a number with a unit, as 2GB or 500MB", where=origins["memory"])
    return Config(settings, origins)


def _number(text: str, variable: str) -> int:
    if not text.isdigit():
        raise ConfigError(f"{variable} must be a whole number, not {text!r}")
    return int(text)


def _origin(problem: msgspec.ValidationError, origins: Mapping[str, str]) -> str | None:
    """The file or variable that the refused setting came from; the settings file where the message names none."""
    told = _AT.search(str(problem))
    if told and told[1] in origins:
        return origins[told[1]]
    return next((origin for origin in origins.values() if origin.endswith(".toml")), None)


def _files(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """The nearest settings and the task rules beside them; rules may also stand alone."""
    for place in (folder, *folder.parents):
        found = [*_settings(place), *_task_rules(place)]
        if found:
            return found
    return []


def _settings(place: Path) -> list[tuple[Path, dict[str, Any]]]:
    for name in ("soma.toml", "pyproject.toml"):
        path = place / name
        if not path.is_file():
            continue
        table = _toml(path)
        if name == "soma.toml":
            return [(path, table)]
        if "soma" in table.get("tool", {}):
            return [(path, table["tool"]["soma"])]
    return []


def _task_rules(place: Path) -> list[tuple[Path, dict[str, Any]]]:
    path = place / "tasks.toml"
    if not path.is_file():
        return []
    table = _toml(path)
    # Other tools have a file of this name too; theirs holds no list of tables called tasks.
    if not isinstance(table.get("tasks"), list):
        return []
    if others := sorted(table.keys() - {"tasks"}):
        raise ConfigError(f"only [[tasks]] may stand here, not {others[0]}", where=str(path),
                          hint="settings belong into soma.toml")  # fmt: skip
    return [(path, table)]


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


def cache() -> Path:
    """Where soma keeps what it can fetch again: ``SOMA_CACHE``, else the platform's cache folder."""
    if os.environ.get("SOMA_CACHE"):
        return Path(os.environ["SOMA_CACHE"])
    import platformdirs

    return Path(platformdirs.user_cache_dir("soma", appauthor=False)) / "vaults"


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
