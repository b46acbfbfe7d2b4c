"""Executions of the vault in the formats of others."""
