from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from soma.action import collapsed, signature


def test_repeats_are_collapsed_and_counted() -> None:
    actions = ["exec:himalaya", "process:poll", "process:poll", *["exec:himalaya"] * 6, *["write:inbox"] * 5]
    assert signature(actions) == "exec:himalaya → process:poll[2] → exec:himalaya[6] → write:inbox[5]"


def test_numeric_suffixes_do_not_tell_actions_apart() -> None:
    assert collapsed(["tool_1", "tool_2", "tool-3", "base64", "s3", "s3"]) == [("tool", 3), ("base64", 1), ("s3", 2)]


def test_a_long_path_says_how_much_is_left_out() -> None:
    line = signature(name for _ in range(50) for name in ("a", "b"))
    assert line.endswith("b → … (+36)")
    assert line.count(" → ") == 64
    assert signature([]) == ""


@given(st.lists(st.sampled_from(["a", "b", "c:d", "a_1"])))
def test_collapsing_loses_no_step_and_leaves_no_neighbours_alike(actions: list[str]) -> None:
    runs = collapsed(actions)
    assert sum(times for _, times in runs) == len(actions)
    assert all(first != second for (first, _), (second, _) in pairwise(runs))
