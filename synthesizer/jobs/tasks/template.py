"""Requests made from one template: equal but for the words in a slot, ``write the digest of <any> for the team``.

Two ways to see a slot, both needing at least five different requests with the same frame around it:

1. Words that hardly any request has cannot belong to a frame that many share: they are what fills a slot (LogCluster:
   Vaarandi & Pihelgas, CNSM 2015).
2. Where the fillers are words that occur elsewhere too, one or two words of a request are left out in turn, and
   requests with the same rest are taken together. Repeated on what was found, this sees several slots.

The first word, mostly the verb, is never a slot: "delete ..." and "create the old backups" are two tasks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

SLOT = "<any>"
LEAST_FILLERS = 5
_LEAST_FRAME = 4
_FRAME_SHARE = 2 / 3
_LONGEST_SLOT = 2
_LONGEST = 32
_ROUNDS = 3

Words = tuple[str, ...]


def templates(texts: Iterable[str]) -> dict[str, str]:
    """Each normalised text that was made from a template to that template; the others are left out.

    Depends on the set of texts alone, not on their order.
    """
    sequences = {text: tuple(text.split()) for text in sorted(set(texts))}
    current = _by_rare_words(sequences)
    for _ in range(_ROUNDS):
        sources: dict[Words, set[Words]] = defaultdict(set)
        for text, shown in current.items():
            sources[shown].add(sequences[text])
        moved = _by_common_words(sources)
        if not moved:
            break
        current = {text: moved.get(shown, shown) for text, shown in current.items()}
    return {text: " ".join(shown) for text, shown in current.items() if shown != sequences[text]}


def _by_rare_words(sequences: Mapping[str, Words]) -> dict[str, Words]:
    frequency = Counter(word for sequence in sequences.values() for word in set(sequence))
    masked = {text: _masked(sequence, frequency) for text, sequence in sequences.items()}
    many = Counter(masked.values())
    return {
        text: shown if many[shown] >= LEAST_FILLERS and _is_frame(shown) else sequences[text]
        for text, shown in masked.items()
    }


def _masked(sequence: Words, frequency: Mapping[str, int]) -> Words:
    shown: list[str] = []
    for word in sequence:
        if frequency[word] >= LEAST_FILLERS:
            shown.append(word)
        elif not shown or shown[-1] != SLOT:
            shown.append(SLOT)
    return tuple(shown)


def _is_frame(sequence: Words) -> bool:
    """Whether enough is left around the slots to know a task by."""
    if sequence[0] == SLOT or SLOT not in sequence:
        return False
    telling = sum(not word.startswith("<") for word in sequence)
    return telling >= _LEAST_FRAME and telling >= _FRAME_SHARE * len(sequence)


def _by_common_words(sources: Mapping[Words, set[Words]]) -> dict[Words, Words]:
    """Each sequence that has the same frame as enough others to the fullest of its frames."""
    members: dict[tuple[Words, Words], list[Words]] = defaultdict(list)
    for sequence in sources:
        length = len(sequence)
        if length > _LONGEST:
            continue
        for start in range(1, length):
            for end in range(start + 1, min(start + _LONGEST_SLOT, length) + 1):
                members[sequence[:start], sequence[end:]].append(sequence)
    full = {
        frame: found
        for frame, found in members.items()
        if len(found) >= LEAST_FILLERS and _is_frame((*frame[0], SLOT, *frame[1]))
    }
    best: dict[Words, tuple[Words, Words]] = {}
    for frame in sorted(full, key=lambda frame: (-len(full[frame]), -len(frame[0]) - len(frame[1]), frame)):
        for sequence in full[frame]:
            best.setdefault(sequence, frame)
    kept = Counter(best.values())
    return {
        sequence: (*frame[0], SLOT, *frame[1]) for sequence, frame in best.items() if kept[frame] >= LEAST_FILLERS
    }
