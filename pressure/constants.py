"""Every constant of the engine, once, with where it comes from.

"Issue" is the specification of the pressure core, "seed 000" and "seed 001" the two descriptions it grew from.
"Measured" means chosen on real traces: ``python benchmarks/pressure.py storms`` prints what it costs and what it buys.
A change of any of them is a change of ``ENGINE_VERSION``.
"""

from __future__ import annotations

ENGINE_VERSION = 1
"""Recordings and states carry it: equal version and equal configuration mean equal bits."""

SIGNALS: tuple[str, ...] = ("uncertainty", "drift", "error_rate", "token_usage", "cost")
"""Order of the signals everywhere; sums are taken in this order (issue, seed 001)."""

# --- windows -----------------------------------------------------------------------------------------------------

WINDOW = 10
"""Actions the signals look back over. Issue: cold start and drift speak of "the first ~10 actions"."""

RECENT = 20
"""Actions the state keeps for rules (blind edits look back over 20 in the system described by seed 000)."""

BURSTS = 15
"""Runs of failures whose length the state remembers: rules ask what is typical of the agent (ours; odd, a median)."""

FIRST = 10
"""Actions that, with the task text, say what a session set out to do (issue: "task text and first actions")."""

# --- baseline ----------------------------------------------------------------------------------------------------

ALPHA = 0.08
"""Weight of the newest value in the moving average (issue)."""

COLD_START = 10
"""Actions until an agent's own baseline counts in full (issue; seed 001: "first ~10 actions")."""

CLIP = 3.0
"""A baseline learns no value further than so many deviations from its mean: a robust moving average (Gelper, Fried and
Croux 2010) whose Huber constant is where σ_clamp says one half. One spike then cannot become the normal."""

DEFAULTS: tuple[float | None, ...] = (0.12, 0.05, 0.01, None, None)
"""Baseline of an agent nobody has seen yet. 0.12: measured, the median of uncertainty; 0.05 and 0.01: defaults of the
described system. ``None``: tokens and dollars have no natural level; the agent's own first values serve, and the signal
speaks with the share count / COLD_START of its voice."""

FLOORS: tuple[float, ...] = (0.10, 0.15, 0.05, 1.0, 1.0)
"""Least deviation z is divided by, in the signal's own unit. Without one, a perfectly steady agent's first ripple is an
infinite z. 0.05: half of one failure in the window. 0.10 and 0.15: one retry or two unfamiliar actions in the window
stay below z = 1. 1.0: a factor of two in tokens or cost. Measured: the described system's 0.02 for all puts 48 % of the
actions of successful runs at GUIDE and 8 % at WARN or above; these put 5 % and 1.6 % there."""

# --- uncertainty -------------------------------------------------------------------------------------------------

HEDGE_SHARE, ENTROPY_SHARE, RETRY_SHARE = 0.4, 0.3, 0.3
"""Parts of uncertainty (issue names the three; the split is ours: words first, they are the most direct)."""

HEDGE_LEAST = 50
"""Words the density is over at least: one hedge in a short remark says little."""

HEDGE_FULL = 0.04
"""Hedging words per word that count as entirely unsure. Measured: the 99th percentile over windows of the 2,166 actions
with recorded reasoning."""

TEXT_HEAD, TEXT_TAIL = 224, 160
"""Characters of what the agent wrote that are looked at: its beginning and its end. Bounds the cost of a step."""

OUTPUT_HEAD = 192
"""Characters of an answer that are looked at for words of the task."""

# --- drift -------------------------------------------------------------------------------------------------------

MIX_SHARE, CONTACT_SHARE = 0.6, 0.4
"""Parts of drift: how the mix of actions differs from the first ones; how the words of the task are lost (ours)."""

INTENT_WORDS = 64
"""Different words of a task text that are kept; they are four letters or longer."""

# --- aggregate ---------------------------------------------------------------------------------------------------

MEAN_SHARE, MAX_SHARE = 0.7, 0.3
"""pressure = 0.7 · mean + 0.3 · max (issue, seed 001)."""

GUIDE, WARN, BLOCK = 0.25, 0.50, 0.75
"""Lower ends of the modes (issue, seed 001; seed 000's page sets 0.4, 0.7, 0.9 in its example file)."""

# --- absolute floors: what the blend of five signals cannot reach ---------------------------------------------------

CEILING = 0.95
"""No floor lifts the pressure above this; 1 is left to the signals."""

BEYOND = 0.05
"""What every further action beyond the last step of a floor adds, so that raised thresholds are reached as well."""

SAME_FAILURE: tuple[int, int, int] = (2, 3, 5)
"""The same call fails so many times in a row: GUIDE, WARN, BLOCK (issue: WARN by the 3rd, BLOCK by the 5th)."""

FAILURES: tuple[int, int, int] = (2, 3, 5)
"""Any calls fail so many times in a row, of an agent that has succeeded before (issue, as above)."""

FAILURES_COLD = 3
"""So many more are asked of an agent that has not succeeded yet, fewer as it succeeds up to COLD_START times: somebody
who feels his way fails differently each time. Measured: 22 of the 29 third-or-later failures in a row inside successful
executions stand before the first success."""

SILENT_LOOP: tuple[int, int, int] = (3, 5, 10)
"""The same call gives the same result so many times in a row, failed or not (issue: GUIDE by the 4th, WARN by the 6th).
Measured: no successful execution reaches 4."""

WINDOW_FAILURES: tuple[int, int, int] = (4, 5, 9)
"""So many of the last WINDOW actions failed, from the WINDOW-th action on (issue: every second one fails → WARN
within 10)."""

SPIKE_RATIO = 20.0
"""An action that takes so many times the agent's own median is a spike (issue: 100x must WARN). Measured: 13 of the
1,220 actions with known tokens and a median to hold them against; two of the 13 are the second within four actions."""

SPIKE: tuple[int, int, int] = (1, 2, 4)
"""So many spikes among the last SPIKE_WITHIN known actions: GUIDE, WARN, BLOCK (issue: WARN within 3)."""

SPIKE_WITHIN = 4
"""Known actions that are looked back over for spikes."""

SPIKE_LEAST: tuple[float, float] = (1000.0, 0.01)
"""Tokens and dollars below which nothing is a spike, however small the median."""

MEDIAN_OVER = 31
"""Calm actions the median is over; odd, so that it is one of them."""

MEDIAN_LEAST = 10
"""Calm actions it takes before there is a median to speak of."""

# --- graph -------------------------------------------------------------------------------------------------------

SWEEPS = 3
"""Sweeps over the trust graph (issue, seed 001)."""

RELAXATION = 0.9
"""Share of the way to the new value that a sweep goes. Seed 001's picture: 0.71 · 0.4 → 0.28, · 0.9 → 0.25, not the
0.26 an undamped sweep gives; with 0.9 three sweeps deliver 99.9 %, 97.2 % and 72.9 % over one, two and three edges."""

DELEGATION_TRUST = 0.8
"""Trust of an edge from a sub-agent to who delegated to it, where nobody declared one (the described system's
proxy)."""
