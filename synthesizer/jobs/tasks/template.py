"""Requests made from one template: equal but for the words in a slot, ``write the digest of <any> for the team``.

Two ways to see a slot, both needing at least five different requests with the same frame around it:

1. Words that hardly any request has cannot belong to a frame that many share: they are what fills a slot (LogCluster:
   Vaarandi & Pihelgas, CNSM 2015).
2. Where the fillers are words that occur elsewhere too, one or two words of a request are left out in turn, and
   requests with the same rest are taken together. Repeated on what was found, this sees several slots.

The first word, mostly the verb, is never a slot: "delete ..." and "create the old backups" are two tasks. A slot holds
at most four words, a request has at most three slots: a paragraph that differs is no slot but the task.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

SLOT = "<any>"
LEAST_FILLERS = 5
_LEAST_FRAME = 5
_FRAME_SHARE = 2 / 3
_LONGEST_SLOT = 2
_LONGEST_RUN = 4
_MOST_SLOTS = 3
_LONGEST = 32
_ROUNDS = 3
_FACTOR, _OTHER_FACTOR = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F

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
    for rare, run in groupby(sequence, key=lambda word: frequency[word] < LEAST_FILLERS):
        words = tuple(run)
        shown += [SLOT] if rare and len(words) <= _LONGEST_RUN else words
    return tuple(shown)


def _is_frame(sequence: Words) -> bool:
    """Whether enough is left around the slots to know a task by."""
    if sequence[0] == SLOT or not 1 <= sequence.count(SLOT) <= _MOST_SLOTS:
        return False
    telling = sum(not word.startswith("<") for word in sequence)
    return telling >= _LEAST_FRAME and telling >= _FRAME_SHARE * len(sequence)


def _by_common_words(sources: Mapping[Words, set[Words]]) -> dict[Words, Words]:
    """Each sequence that has the same frame as enough others to the fullest of its frames."""
    full: dict[tuple[Words, Words], list[Words]] = {}
    for members in _same_rest([sequence for sequence in sources if 1 < len(sequence) <= _LONGEST]):
        found: dict[tuple[Words, Words], list[Words]] = defaultdict(list)
        for sequence, start, end in members:
            found[sequence[:start], sequence[end:]].append(sequence)
        full |= {frame: own for frame, own in found.items() if len(own) >= LEAST_FILLERS and _is_frame(_slotted(frame))}
    best: dict[Words, tuple[Words, Words]] = {}
    for frame in sorted(full, key=lambda frame: (-len(full[frame]), -len(frame[0]) - len(frame[1]), frame)):
        for sequence in full[frame]:
            best.setdefault(sequence, frame)
    kept = Counter(best.values())
    return {sequence: _slotted(frame) for sequence, frame in best.items() if kept[frame] >= LEAST_FILLERS}


def _slotted(frame: tuple[Words, Words]) -> Words:
    return (*frame[0], SLOT, *frame[1])


def _same_rest(sequences: Sequence[Words]) -> Iterator[list[tuple[Words, int, int]]]:
    """Places (sequence, start, end of the slot) whose words before and after are the same, where there are enough.

    The rests are compared by hash, all at once; who uses the groups looks at the words.
    """
    import numpy as np

    if len(sequences) < LEAST_FILLERS:
        return
    lengths = np.array([len(sequence) for sequence in sequences])
    longest = int(lengths.max())
    ids: dict[str, int] = {}
    words = np.zeros((len(sequences), longest), dtype=np.uint64)
    for place, sequence in enumerate(sequences):
        words[place, : len(sequence)] = [ids.setdefault(word, len(ids) + 1) for word in sequence]
    factor = np.uint64(_FACTOR)
    before = np.zeros((len(sequences), longest + 1), dtype=np.uint64)
    after = np.zeros((len(sequences), longest + 1), dtype=np.uint64)
    for place in range(longest):
        before[:, place + 1] = before[:, place] * factor + words[:, place]
        # Beyond the end of a shorter sequence nothing stands: 0 stays 0.
        after[:, longest - place - 1] = after[:, longest - place] * factor + words[:, longest - place - 1]
    rows, starts, ends, keys = [], [], [], []
    for start in range(1, longest):
        for end in range(start + 1, min(start + _LONGEST_SLOT, longest) + 1):
            own = np.flatnonzero(lengths >= end)
            rows.append(own)
            starts.append(np.full(len(own), start))
            ends.append(np.full(len(own), end))
            keys.append(before[own, start] * np.uint64(_OTHER_FACTOR) ^ after[own, end])
    row, start_of, end_of, key = (np.concatenate(parts) for parts in (rows, starts, ends, keys))
    _, inverse, many = np.unique(key, return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(many[inverse] >= LEAST_FILLERS)
    groups: dict[int, list[tuple[Words, int, int]]] = defaultdict(list)
    for index in chosen.tolist():
        groups[int(inverse[index])].append((sequences[int(row[index])], int(start_of[index]), int(end_of[index])))
    yield from groups.values()
