"""Adapters: one package per trace format; bytes in, executions and decisions out."""
