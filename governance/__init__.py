"""Governance: proposals, human judgement, policies that bind, and their measure.

Nothing here promotes by itself: what enters the canon was put there by a named person, with a reason, in the audit.
"""
