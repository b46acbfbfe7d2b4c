"""Policies as one file for other programs: JSON, YAML, or a bundle for the Open Policy Agent."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from soma import codec
from soma import files as written
from soma.errors import UsageError
from soma.governance.policy import Effect, Policy
from soma.identity import digest

from .model import Answer
from .opa import opa_policy

Format = Literal["json", "yaml", "opa"]


class Bundled(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One policy of a bundle.

    Attributes:
        severity: ``error`` stops the call. binds: Whether it is ratified and not in shadow mode.
        source_layer: ``canon``, or ``emerging`` for a proposal nobody ratified.
        digest: Of the policy alone.
    """

    policy: Policy
    severity: Effect
    binds: bool
    source_layer: str
    ratified_by: str | None
    digest: str


class Bundle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Policies with the version of the vault they come from; equal policies make equal bytes, whatever the version.

    Attributes:
        digest: Of all that is in it but the version.
    """

    schema: str = "soma.policies.bundle"
    schema_version: int = 1
    vault_version: int
    digest: str
    policies: tuple[Bundled, ...]


def bundle(answers: Sequence[Answer], version: int) -> Bundle:
    """The policies among these answers, in the order of ids and versions."""
    policies = [
        Bundled(
            policy=one.policy, severity=one.severity, binds=one.binds, source_layer=one.source_layer,
            ratified_by=one.ratified_by, digest=one.policy.digest,
        )
        for one in answers
        if one.policy is not None and one.severity is not None
    ]  # fmt: skip
    policies.sort(key=lambda one: (one.policy.id, one.policy.version))
    return Bundle(vault_version=version, digest=digest(codec.encode(policies), size=16), policies=tuple(policies))


def write_bundle(made: Bundle, form: Format, folder: Path) -> list[Path]:
    """Write the bundle into ``folder``; what stood there under the same names is replaced.

    Raises:
        UsageError: if it cannot be written.
    """
    texts = _TEXTS[form](made)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            written.write_whole(folder / name, text.encode())
    except OSError as problem:
        raise UsageError(f"the bundle cannot be written: {problem.strerror}", where=str(folder),
                         hint="name a folder you can write to") from problem  # fmt: skip
    return [folder / name for name in texts]


def _json(made: Bundle) -> dict[str, str]:
    return {"policies.json": codec.pretty(made) + "\n"}


def _yaml(made: Bundle) -> dict[str, str]:
    return {"policies.yaml": "\n".join(_lines(msgspec.to_builtins(made), 0)) + "\n"}


def _lines(value: Any, depth: int) -> list[str]:
    """YAML 1.2 in block style; every text is a quoted JSON string, so that no word is taken for anything else."""
    pad = "  " * depth
    lines: list[str] = []
    for key, item in value.items() if isinstance(value, dict) else ((None, item) for item in value):
        head = f"{pad}{codec.encode(key)}:" if key is not None else f"{pad}-"
        if isinstance(item, dict | list | tuple) and item:
            lines += [head, *_lines(item, depth + 1)]
        else:
            lines.append(f"{head} {codec.encode(item)}")
    return lines


def _opa(made: Bundle) -> dict[str, str]:
    data = {
        "soma_policies": {
            "vaultVersion": made.vault_version,
            "digest": made.digest,
            "policies": [opa_policy(one.policy, severity=one.severity, binds=one.binds) for one in made.policies],
        }
    }
    manifest = {"revision": made.digest, "roots": ["soma_policies", "soma/guard"], "rego_version": 1}
    return {
        "data.json": codec.pretty(data) + "\n",
        "soma.rego": files("soma.governance.bridge").joinpath("soma.rego").read_text(encoding="utf-8"),
        ".manifest": codec.pretty(manifest) + "\n",
    }


_TEXTS = {"json": _json, "yaml": _yaml, "opa": _opa}
