"""The command line: one file per command, shared options and one place where errors become messages."""
