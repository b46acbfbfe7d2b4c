"""Codex rollouts and streams."""
