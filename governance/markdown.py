"""Canon and proposals as Markdown with front matter, one file each: read in an editor, compared in git.

The same vault gives the same bytes. Names of files come from ids that soma made, or are replaced by a digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from soma import clock, codec, files
from soma.errors import UsageError
from soma.identity import digest
from soma.vault import VaultRoot
from soma.vault.audit import Entry

from .model import Overview, Proposal, Ratified
from .policy.words import condition_words, scope_words
from .reading import history, overview

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}\Z")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


class Exported(msgspec.Struct, frozen=True, rename="camel"):
    """The files that were written, relative to the folder."""

    folder: str
    files: tuple[str, ...]


def export(root: VaultRoot, folder: Path, *, now: int) -> Exported:
    """Write canon, proposals and the audit below ``folder``; files of an earlier export are replaced.

    Raises:
        UsageError: if the folder cannot be written to.
    """
    found, entries = overview(root, now=now), history(root).entries
    pages = dict(_pages(found, entries))
    try:
        for name, text in pages.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            files.write_whole(path, text.encode())
    except OSError as problem:
        raise UsageError(f"the folder cannot be written to: {problem.strerror}", where=str(folder)) from problem
    return Exported(str(folder), tuple(sorted(pages)))


def _pages(found: Overview, entries: Iterable[Entry]) -> Iterator[tuple[str, str]]:
    decided = list(entries)
    for one in found.policies:
        yield _policy_file(one), _policy_page(one, decided)
    for proposal in found.proposals:
        yield f"proposals/{_file(proposal.id)}.md", _proposal_page(proposal, found.policies)
    yield "audit.md", _audit_page(decided)
    yield "index.md", _index(found)


def _policy_file(one: Ratified) -> str:
    return f"canon/{_file(one.policy.id)}-v{one.policy.version}.md"


def _file(name: str) -> str:
    return name if _NAME.match(name) else digest(name)


def _page(front: Mapping[str, object], *parts: str) -> str:
    # A JSON value is a YAML value, whatever the text holds.
    lines = [f"{name}: {codec.encode(value)}" for name, value in front.items() if value is not None]
    return "\n".join(["---", *lines, "---", "", "\n\n".join(parts), ""])


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _policy_page(one: Ratified, entries: Iterable[Entry]) -> str:
    policy = one.policy
    front = {
        "id": policy.id, "version": policy.version, "layer": "canon", "status": one.status, "effect": policy.effect,
        "mode": policy.mode, "ratified_by": one.ratified_by, "ratified_at": clock.to_iso(one.ratified_at),
        "expires": policy.expires, "review": policy.review, "origin": policy.origin or None,
        "learned_from": policy.learned_from or None, "audit_entry": one.audit_entry, "digest": policy.digest,
    }  # fmt: skip
    origin = (
        f"From [{policy.origin}](../proposals/{_file(policy.origin)}.md)." if policy.origin else "Written by a person."
    )
    rule = f"A call is hit when {_plain(condition_words(policy.condition))},\nfor {_plain(scope_words(policy.scope))}."
    # A backtick is in a string of the document, where JSON may write it as an escape: no text can end the block.
    document = codec.pretty(policy).replace("`", "\\u0060")
    decided = [_entry(entry) for entry in entries if entry.subject == policy.id]
    return _page(front, f"# {_plain(policy.id)}", f"> {_plain(policy.message)}", rule, origin, "## Decided",
                 "\n".join(decided), "## The policy in full", f"```json\n{document}\n```")  # fmt: skip


def _proposal_page(one: Proposal, policies: Iterable[Ratified]) -> str:
    front = {
        "id": one.id, "layer": "emerging", "type": one.type, "status": one.status, "confidence": one.confidence,
        "support": one.support, "agents": one.agents, "seen_at": clock.to_iso(one.seen_at),
        "decay_at": clock.to_iso(one.decay_at),
    }  # fmt: skip
    became = [f"- [{_plain(p.policy.id)} version {p.policy.version}](../{_policy_file(p)})" for p in policies
              if p.policy.origin == one.id]  # fmt: skip
    return _page(
        front, f"# {_plain(one.id)}", _plain(one.claim), *(["It became:\n\n" + "\n".join(became)] if became else [])
    )


def _entry(entry: Entry) -> str:
    why = f": {_plain(entry.reason)}" if entry.reason else ""
    who = f"{clock.to_iso(entry.decided_at)}, {_plain(entry.actor)}"
    return f"- Entry {entry.number}, {who}: {entry.action} {_plain(entry.subject)}{why}"


def _audit_page(entries: Iterable[Entry]) -> str:
    decided = list(entries)
    front = {"entries": len(decided), "head": decided[-1].hash if decided else ""}
    return _page(front, "# Audit", "\n".join(map(_entry, decided)) or "Nothing was decided yet.")


def _index(found: Overview) -> str:
    policies = [
        f"- [{_plain(one.policy.id)}]({_policy_file(one)}), {one.status}: {_plain(one.policy.message)}"
        for one in found.policies
    ]
    proposals = [
        f"- [{_plain(one.id)}](proposals/{_file(one.id)}.md), {one.status}: {_plain(one.claim)}"
        for one in found.proposals
    ]
    front = {"policies": len(policies), "proposals": len(proposals)}
    return _page(front, "# Canon", "\n".join(policies) or "No policy.",
                 "# Proposals", "\n".join(proposals) or "No proposal.", "[Audit](audit.md)")  # fmt: skip
