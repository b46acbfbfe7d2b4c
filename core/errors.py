"""Every error soma raises on purpose: one tree, each with what happened, where, and what to type next."""

from __future__ import annotations


class SomaError(Exception):
    """Base of all errors soma raises on purpose.

    Args:
        message: What happened, in one sentence.
        where: File, line, byte or option the message is about.
        hint: What to type or change next; the class default is used when it is not given.
    """

    exit_code = 1
    default_hint = "run the command again with --debug and report the traceback"

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where, hint)
        self.message = message
        self.where = where
        self.hint = hint or self.default_hint

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.where, self.hint))

    def __str__(self) -> str:
        return f"{self.message} ({self.where})" if self.where else self.message


def _rebuild(kind: type[SomaError], message: str, where: str | None, hint: str | None) -> SomaError:
    return kind(message, where=where, hint=hint)


class UsageError(SomaError):
    """The command was called with options that do not go together or do not exist."""

    exit_code = 2
    default_hint = "soma --help lists the commands, soma COMMAND --help the options"


class ConfigError(SomaError):
    """A setting in ``soma.toml``, the environment or a flag cannot be used."""

    exit_code = 3
    default_hint = "soma config show tells where each value comes from"


class SourceError(SomaError):
    """A source could not be read at all; the harvest goes on without it."""

    exit_code = 4
    default_hint = "soma harvest --dry-run PATH shows what soma makes of the file"


class NothingFound(SomaError):
    """The question names an agent, execution or file that the vault does not hold."""

    exit_code = 1
    default_hint = "soma status lists what the vault holds"


class CheckFailed(SomaError):
    """A check was asked for and did not hold."""

    exit_code = 1
    default_hint = "soma vault check --json names every finding"


class VaultError(SomaError):
    """The vault cannot be opened, read or written."""

    exit_code = 5
    default_hint = "soma vault check names the damage"


class VaultMissing(VaultError):
    """There is no vault where one was expected."""

    default_hint = "soma harvest PATH makes one, --vault DIR points at another"


class VaultLocked(VaultError):
    """Another process is writing to the vault."""

    default_hint = "wait for the other harvest to end, or look for it with: ps aux | grep soma"


class VaultNewer(VaultError):
    """The vault was written by a newer soma than this one."""

    default_hint = "install the newer soma: pip install --upgrade soma-harvest"


class VaultConflict(VaultError):
    """Another writer committed between reading the vault and writing to it."""

    default_hint = "run the same command again: it continues with what the other writer committed"
