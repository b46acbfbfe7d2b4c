"""Policies as files that people write and read: TOML or JSON with the names of ``soma.governance.policy``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from soma import codec
from soma.errors import ConfigError

from .model import Policy

_LARGEST = 1 << 20
_HINT = "docs/governance.md shows every field and condition with an example"


def read_policies(path: Path) -> list[Policy]:
    """The policies of a file: one policy, or a list called ``policies``.

    Raises:
        ConfigError: if the file cannot be read, or a field cannot be used; the message names the field.
    """
    value = _value(path)
    several = value.get("policies") if isinstance(value, dict) else None
    documents = several if isinstance(several, list) else [value]
    return [_policy(document, f"{path}" if several is None else f"{path}, policy {number}")
            for number, document in enumerate(documents, 1)]  # fmt: skip


def policy_of(document: str) -> Policy:
    """The policy that ``codec.encode`` wrote.

    Raises:
        ConfigError: if it is none.
    """
    try:
        return _policy(codec.decode(document), None)
    except codec.Undecodable as problem:
        raise ConfigError(f"this is no policy: {problem}", hint=_HINT) from problem


def _policy(value: Any, where: str | None) -> Policy:
    try:
        return msgspec.convert(value, Policy)
    except msgspec.ValidationError as problem:
        raise ConfigError(f"the policy cannot be used: {problem}", where=where, hint=_HINT) from problem


def _value(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ConfigError(f"the file cannot be read: {problem.strerror}", where=str(path)) from problem
    if len(data) > _LARGEST:
        raise ConfigError(f"the file has {len(data):,} bytes, a policy file at most {_LARGEST:,}", where=str(path))
    try:
        return tomllib.loads(data.decode("utf-8")) if path.suffix == ".toml" else codec.decode(data)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, codec.Undecodable) as problem:
        raise ConfigError(f"the file cannot be read: {problem}", where=str(path), hint=_HINT) from problem
