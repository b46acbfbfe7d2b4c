"""Messages that were flattened into keys such as ``llm.input_messages.0.message.content``, put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST_KEY = 12


def planted(attributes: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What the keys below ``names`` flatten, as objects in objects; lists are objects with numbered keys."""
    tree: dict[str, Any] = {}
    for key, value in attributes.items():
        if not key.startswith(names):
            continue
        for name in names:
            if key.startswith(name) and key[len(name) : len(name) + 1] == ".":
                _plant(tree, key[len(name) + 1 :].split("."), value)
    return tree


def _plant(tree: dict[str, Any], path: list[str], value: Any) -> None:
    if len(path) > _DEEPEST_KEY or not path[0].isdecimal():
        return
    for part in path[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree.setdefault(path[-1], value)


def indexed(value: Any) -> Any:
    """Numbered keys that were nested (``{"0": ..., "1": ...}``) as a list in their order."""
    if isinstance(value, dict) and value and all(isinstance(key, str) and key.isdecimal() for key in value):
        return [item for _, item in sorted(value.items(), key=lambda pair: (len(pair[0]), pair[0]))]
    return value
