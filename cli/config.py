"""``soma config``: the settings in force."""

from __future__ import annotations

import click
import msgspec
from rich.table import Table
from rich.text import Text

from .options import config, json_option, vault_option


class Setting(msgspec.Struct, frozen=True):
    """One setting with its value and what decided it."""

    name: str
    value: object
    origin: str


class Settings(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """All settings in force."""

    schema: str = "soma.config"
    schema_version: int = 1
    settings: list[Setting]


@click.group("config")
def command() -> None:
    """The settings in force and where they come from."""


@command.command("show")
@vault_option
@json_option
def show(vault: str | None, as_json: bool) -> None:
    """Print every setting, its value and what decided it: a flag, a variable, a file or the default."""
    from .output import emit

    found = config(vault=vault)
    values = msgspec.to_builtins(found.settings)
    result = Settings(settings=[Setting(name, values[name], found.origins[name]) for name in values])
    emit(result, as_json, _render)


def _render(result: Settings) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("setting", "value", "from"):
        table.add_column(name)
    for setting in result.settings:
        table.add_row(Text(setting.name), Text(str(setting.value)), Text(setting.origin))
    return table
