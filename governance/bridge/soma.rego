# The policies of a soma vault, evaluated by the Open Policy Agent. The policies themselves are data (data.json).
#
# input: {"facts": {"agentId", "teamId", "tasks", "failureRate", "conformance", "bottlenecks", "depth"},
#         "call": {"action", "tool", "role", "arguments", "argumentsDigest"},
#         "before": [{the same, "kind", "outcome", "error", "durationMs", "pressure", "mode"}, ...],
#         "today": "2026-11-30"}
# What is left out is not known. Ask for data.soma.guard.deny (stops the call) and data.soma.guard.warn (speaks only);
# data.soma.guard.not_evaluated names policies that only soma's own evaluator can judge.
package soma.guard

import rego.v1

deny contains hit if {
	some hit in hits
	hit.binds
	hit.severity == "error"
}

warn contains hit if {
	some hit in hits
	hit.binds
	hit.severity == "warning"
}

shadow contains hit if {
	some hit in hits
	not hit.binds
}

not_evaluated contains policy.id if {
	some policy in data.soma_policies.policies
	not policy.evaluated
}

hits contains hit if {
	some policy in data.soma_policies.policies
	policy.evaluated
	not expired(policy)
	covers(policy.scope)
	is_meant(policy.scope.calls, input.call)
	holds(policy.condition)
	hit := {
		"id": policy.id,
		"version": policy.version,
		"severity": policy.severity,
		"binds": policy.binds,
		"message": policy.message,
	}
}

expired(policy) if {
	policy.expires != null
	input.today > policy.expires
}

covers(scope) if {
	is_named(scope.agents, input.facts.agentId)
	is_in_team(scope.teams)
	has_task(scope.tasks)
}

is_in_team(patterns) if count(patterns) == 0

is_in_team(patterns) if is_named(patterns, input.facts.teamId)

has_task(patterns) if count(patterns) == 0

has_task(patterns) if {
	some task in input.facts.tasks
	is_named(patterns, task)
}

is_named(patterns, _) if count(patterns) == 0

is_named(patterns, text) if {
	some pattern in patterns
	regex.match(pattern, text)
}

# An action without its numeric suffix, which does not tell two actions apart.
uncounted(action) := regex.replace(action, `^([\s\S]*\w)[_-][0-9]+$`, "$1")

is_meant(wanted, call) if {
	is_listed(wanted.role, object.get(call, "role", ""))
	is_action(wanted.action, call.action)
	is_named(wanted.tool, object.get(call, "tool", ""))
	is_given(wanted.arguments, call, "arguments")
}

is_listed(names, _) if count(names) == 0

is_listed(names, name) if name in names

is_action(patterns, action) if is_named(patterns, action)

is_action(patterns, action) if is_named(patterns, uncounted(action))

is_given(patterns, _, _) if count(patterns) == 0

is_given(patterns, call, name) if is_named(patterns, call[name])

ended(wanted, call) if {
	is_meant(wanted, call)
	is_listed(wanted.outcome, object.get(call, "outcome", ""))
	is_given(wanted.error, call, "error")
	is_slow(wanted, call)
}

is_slow(wanted, _) if wanted.slowerMs == null

is_slow(wanted, call) if call.durationMs > wanted.slowerMs

# What the agent chose; what it merely met with is no call.
calls := [call | some call in input.before; not is_met_with(call)]

is_met_with(call) if object.get(call, "kind", "") in {"failure", "guard"}

last(list, many) := array.slice(list, max([0, count(list) - many]), count(list))

window(condition) := calls if condition.last == null

window(condition) := last(calls, condition.last) if condition.last != null

holds(condition) if {
	condition.kind == "action"
	is_meant(condition.call, input.call)
}

holds(condition) if {
	condition.kind == "count"
	count([call | some call in window(condition); ended(condition.of, call)]) >= condition.least
}

holds(condition) if {
	condition.kind == "rate"
	among := last([call | some call in calls; ended(condition.among, call)], condition.last)
	count(among) >= condition.least
	count([call | some call in among; ended(condition.of, call)]) / count(among) >= condition.rate
}

holds(condition) if {
	condition.kind == "sequence"
	condition.consecutive
	is_meant(condition.then, input.call)
	steps := condition.steps
	tail := last(calls, count(steps))
	count(tail) == count(steps)
	every place, step in steps {
		ended(step, tail[place])
		is_alike(condition.same, tail[place])
	}
}

holds(condition) if {
	condition.kind == "sequence"
	not condition.consecutive
	is_meant(condition.then, input.call)
	count([call | some call in window(condition); ended(condition.steps[0], call); is_alike(condition.same, call)]) >= count(condition.steps)
}

is_alike("", _)

is_alike("action", call) if uncounted(call.action) == uncounted(input.call.action)

is_alike("call", call) if {
	uncounted(call.action) == uncounted(input.call.action)
	call.argumentsDigest == input.call.argumentsDigest
}

# The path so far, repeats in a row taken as one.
path := [name | some place in numbers.range(0, count(calls)); name := uncounted(calls[place].action); is_new(place, name)]

is_new(0, _)

is_new(place, action) if {
	place > 0
	uncounted(calls[place - 1].action) != action
}

holds(condition) if {
	condition.kind == "prefix"
	action := uncounted(input.call.action)
	array.concat(path, [action]) == condition.path
	last(path, 1) != [action]
}

holds(condition) if {
	condition.kind == "pressure"
	last(calls, 1)[0].pressure >= condition.least
}

holds(condition) if {
	condition.kind == "mode"
	last(calls, 1)[0].mode in condition.modes
}

holds(condition) if {
	condition.kind == "conformance"
	input.facts.conformance < condition.below
}

holds(condition) if {
	condition.kind == "failureRate"
	input.facts.failureRate >= condition.least
}

holds(condition) if {
	condition.kind == "depth"
	input.facts.depth >= condition.least
}

holds(condition) if {
	condition.kind == "bottleneck"
	uncounted(input.call.action) in input.facts.bottlenecks
	is_meant(condition.call, input.call)
}
