"""Redaction of JSON-like values: texts, keys, and whatever stands under a name that says a secret follows."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .context import follows_option, named
from .keys import SecretName, secret_name

_NAMES = ("name", "key", "header")
_NAMING = frozenset(_NAMES)
_LEAVES = frozenset({str, int, float, bool, type(None)})
_FEW = 16
_OPENING = "[REDACTED:"


def redacted_value(value: Any, text: Callable[[str], str], mark: Callable[[str, str], str]) -> Any:
    """A copy of ``value`` without secrets; other types than text, dict and list stay as they are.

    Args:
        value: Any nesting of dicts and lists, however deep.
        text: Redacts one text.
        mark: Makes the marker of a kind and a secret.
    """
    top: list[Any] = [value]
    waiting: list[tuple[Any, Any, SecretName | None, str | None]] = [(top, 0, None, None)]
    while waiting:
        holder, place, known, option = waiting.pop()
        item = holder[place]
        if isinstance(item, str):
            holder[place] = _redacted(item, known, option, text, mark)
        elif isinstance(item, dict):
            named_by = _named_by(item)
            copy: dict[Any, Any] = {}
            for key, inner in item.items():
                new_key = text(key) if isinstance(key, str) else key
                copy[new_key] = inner
                name = secret_name(key) if isinstance(key, str) else None
                if isinstance(inner, str | dict | list):
                    waiting.append((copy, new_key, named_by if key == "value" and named_by else name, None))
            holder[place] = copy
        elif isinstance(item, list):
            holder[place] = items = list(item)
            before: Any = None
            for index, inner in enumerate(items):
                if isinstance(inner, str | dict | list):
                    waiting.append((items, index, known, before if isinstance(before, str) else None))
                before = inner
    return top[0]


def texts_of(value: Any) -> list[str] | None:
    """The texts and keys of a JSON-like value: when none of them holds a secret, ``redacted_value`` changes nothing.

    Returns:
        ``None`` where that is not all: a key, an option or a name beside a value says that a secret follows.
    """
    if isinstance(value, dict) and len(value) <= _FEW and _LEAVES.issuperset(map(type, value.values())):
        # The arguments of nearly all calls; tools are called with the same names over and over.
        names = _plain_names(tuple(value))
        return None if names is None else [*names, *[each for each in value.values() if type(each) is str]]
    texts: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict):
            if "value" in item and not item.keys().isdisjoint(_NAMING):
                return None
            for key, inner in item.items():
                if isinstance(key, str):
                    if secret_name(key) is not None:
                        return None
                    texts.append(key)
                if isinstance(inner, str):
                    texts.append(inner)
                elif isinstance(inner, dict | list):
                    waiting.append(inner)
        elif isinstance(item, list):
            if any(isinstance(inner, str) and inner.startswith("--") for inner in item):
                return None
            waiting += item
    return texts


def has_plain_names(value: Any) -> bool:
    """Whether ``texts_of`` a JSON-like value tells its texts, and not that more has to be looked at."""
    if isinstance(value, dict) and len(value) <= _FEW and _LEAVES.issuperset(map(type, value.values())):
        return _plain_names(tuple(value)) is not None
    return texts_of(value) is not None


@lru_cache(maxsize=4096)
def _plain_names(keys: tuple[Any, ...]) -> list[str] | None:
    """The texts among the keys of an object; ``None`` where one says that a secret follows, or one beside it does."""
    names = [key for key in keys if isinstance(key, str)]
    if ("value" in keys and not _NAMING.isdisjoint(keys)) or any(secret_name(name) is not None for name in names):
        return None
    return names


def _named_by(item: dict[Any, Any]) -> SecretName | None:
    """The name of a pair written as ``{"name": "API_KEY", "value": "..."}``."""
    for key in _NAMES:
        name = item.get(key)
        if isinstance(name, str) and isinstance(item.get("value"), str):
            return secret_name(name)
    return None


def _redacted(
    item: str,
    known: SecretName | None,
    option: str | None,
    text: Callable[[str], str],
    mark: Callable[[str, str], str],
) -> str:
    behind = follows_option(option, item) if option else None
    if behind:
        return item if _OPENING in item else mark(behind, item)
    redacted = text(item)
    if known is None or redacted is not item or _OPENING in item or not named(known, item):
        return redacted
    return mark(known.kind, item)
