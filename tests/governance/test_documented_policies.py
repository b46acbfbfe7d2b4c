"""Every policy and condition that docs/governance.md shows can be used as it stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import msgspec

from soma.governance.policy import Condition, read_policies
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "governance.md").read_text(encoding="utf-8")


def test_the_example_of_a_policy_can_be_read(tmp_path: Path) -> None:
    (example,) = [block for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL) if block.startswith("id = ")]
    (tmp_path / "p.toml").write_text(example)
    (policy,) = read_policies(tmp_path / "p.toml")
    assert policy.id == "canon-max-retry"


def test_every_kind_of_condition_has_an_example_that_can_be_read() -> None:
    examples = re.findall(r"`(\{kind = .*?\})` \|", TEXT)
    kinds = set()
    for example in examples:
        value = tomllib.loads(f"condition = {example}")["condition"]
        msgspec.convert(value, Condition)
        kinds.add(value["kind"])
    assert kinds == {condition.__struct_config__.tag for condition in get_args(Condition)}
