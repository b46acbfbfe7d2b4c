"""The Rego says what soma's evaluator says, asked of a Rego interpreter where one is installed (regopy, pip)."""

from __future__ import annotations

import random
import re
from importlib.resources import files
from typing import Any

import pytest

from soma import codec
from soma.globs import glob
from soma.governance.bridge.opa import opa_policy, pattern, why_not
from soma.governance.policy import (
    Action,
    Bottleneck,
    Call,
    Condition,
    Conformance,
    Count,
    Depth,
    Facts,
    FailureRate,
    InMode,
    Policy,
    Prefix,
    Pressure,
    Rate,
    Result,
    Scope,
    Sequence,
    Step,
    Watch,
)
from soma.model import NormalizedDecision

from .calls import call

FAILED = Result(outcome=("failed", "timeout"))
CONDITIONS: list[Condition] = [
    Action(call=Call(action=("exec:n*",))),
    Action(call=Call(tool=("exec",), arguments=("*rm -rf*",))),
    Count(of=FAILED, least=2),
    Count(of=Result(action=("exec:node",)), least=2, last=3),
    Rate(of=FAILED, rate=0.5, last=4, least=2),
    Rate(of=FAILED, among=Result(action=("exec:*",)), rate=0.6, last=3),
    Sequence(after=(Step(outcome=("failed",)),), consecutive=True, same="call"),
    Sequence(after=(Step(outcome=("failed",), times=2),), same="action"),
    Sequence(after=(Step(action=("read:*",)), Step(action=("exec:*",), times=2)), consecutive=True),
    Sequence(after=(Step(error=("no such *",)),), then=Call(action=("exec:node",)), within=2),
    Prefix(path=("read:a", "exec:node")),
    Prefix(path=("exec:node",)),
    Pressure(least=0.5),
    InMode(least="WARN"),
    Conformance(below=0.7),
    FailureRate(least=0.5),
    Depth(least=2),
    Bottleneck(call=Call(action=("exec:*",))),
]
SCOPES = [Scope(), Scope(agents=("mail*",)), Scope(teams=("red",)), Scope(tasks=("digest", "t?")),
          Scope(calls=Call(role=("shell",)))]  # fmt: skip


def given(rng: random.Random) -> tuple[Facts, list[NormalizedDecision], list[tuple[float | None, str | None]]]:
    actions = ["exec:node", "exec:node_2", "read:a", "exec:npm", "write:x-7"]
    facts = Facts(
        agent_id=rng.choice(["mailer", "other"]), team_id=rng.choice([None, "red", "blue"]),
        tasks=rng.choice([(), ("digest",), ("t1", "x")]), failure_rate=rng.choice([None, 0.2, 0.5]),
        conformance=rng.choice([None, 0.6, 0.9]), bottlenecks=rng.choice([frozenset(), frozenset({"exec:node"})]),
        depth=rng.choice([None, 1, 3]),
    )  # fmt: skip
    calls = [
        call(
            step,
            rng.choice(actions),
            rng.choice(["ok", "failed", "failed", "timeout", "unknown"]),
            role=rng.choice(["shell", "read"]),
            arguments=rng.choice([None, '{"c":"rm -rf /"}', "{}"]),
            arguments_digest=rng.choice([None, "d1", "d1", "d1"]),
            error=rng.choice([None, "no such file", "no"]),
            kind=rng.choice(["tool_choice"] * 5 + ["failure"]),
        )
        for step in range(rng.randrange(1, 7))
    ]
    return facts, calls, [(rng.choice([None, 0.2, 0.5]), rng.choice([None, "GUIDE", "BLOCK"])) for _ in calls]


def as_input(facts: Facts, before: list[dict[str, Any]], now: NormalizedDecision) -> dict[str, Any]:
    told = {
        "agentId": facts.agent_id, "teamId": facts.team_id, "tasks": list(facts.tasks),
        "failureRate": facts.failure_rate,
        "conformance": facts.conformance, "bottlenecks": sorted(facts.bottlenecks), "depth": facts.depth,
    }  # fmt: skip
    return {"facts": known(told), "call": spoken(now), "before": before, "today": "2026-01-01"}


def spoken(decision: NormalizedDecision, **more: Any) -> dict[str, Any]:
    return known({
        "action": decision.action, "tool": decision.tool, "role": decision.role, "kind": decision.kind,
        "outcome": decision.outcome, "arguments": decision.arguments, "argumentsDigest": decision.arguments_digest,
        "error": decision.error, "durationMs": decision.duration_ms, **more,
    })  # fmt: skip


def known(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def test_rego_and_soma_judge_alike() -> None:
    regopy = pytest.importorskip("regopy", reason="pip install regopy: a Rego interpreter; no opa is needed")
    asked = [(condition, Scope()) for condition in CONDITIONS] + [(CONDITIONS[2], scope) for scope in SCOPES]
    policies = [
        Policy(id=f"p-{number}", condition=condition, scope=scope, message="Stop.")
        for number, (condition, scope) in enumerate(asked)
    ]
    assert all(why_not(policy.condition) is None for policy in policies)
    data = {"soma_policies": {"policies": [opa_policy(one, severity="error", binds=True) for one in policies]}}
    interpreter = regopy.Interpreter()
    interpreter.add_module("soma.rego", files("soma.governance.bridge").joinpath("soma.rego").read_text())
    interpreter.add_data_json(codec.encode(data))
    rng, seen = random.Random(7), set()
    for _ in range(40):
        facts, calls, felt = given(rng)
        watch = Watch(policies, facts)
        before: list[dict[str, Any]] = []
        for decision, (pressure, mode) in zip(calls, felt, strict=True):
            if decision.kind != "failure":
                interpreter.set_input(as_input(facts, before, decision))
                answered = codec.decode(str(interpreter.query("x = data.soma.guard.deny")))
                said = {hit["id"] for hit in answered["bindings"]["x"]}
                expected = {hit.policy.id for hit in watch.check(decision)}
                assert said == expected, (decision, before, facts)
                seen |= {name.split("-")[1] for name in said}
            watch.learn(decision, pressure=pressure, mode=mode)
            before.append(spoken(decision, pressure=pressure, mode=mode))
    never = [one for number, one in enumerate(asked) if str(number) not in seen]
    assert not never, "a condition that never holds tests nothing"


def test_globs_become_expressions_that_match_the_same() -> None:
    texts = ["exec:node", "exec:n[o]de", "a.b", "axb", "", "exec:\nnode", "(x", "a+b", "ä?", "rm -rf /*"]
    for written in ("exec:*", "exec:n[o]de", "a.b", "a?b", "*", "(x", "a+b", "ä?", "rm -rf /*", "a|b"):
        for text in texts:
            assert bool(re.match(pattern(written).replace("$", r"\Z"), text)) == bool(glob(written).match(text))


def test_what_opa_cannot_judge_is_named() -> None:
    apart = Sequence(after=(Step(action=("a",)), Step(action=("b",))))
    timed = Count(of=FAILED, least=2, seconds=60)
    for condition in (apart, timed):
        told = opa_policy(Policy(id="p", condition=condition, message="m"), severity="error", binds=True)
        assert told["evaluated"] is False and told["whyNot"]


def test_the_module_names_every_condition() -> None:
    text = files("soma.governance.bridge").joinpath("soma.rego").read_text()
    for condition in CONDITIONS:
        assert f'condition.kind == "{type(condition).__struct_config__.tag}"' in text
