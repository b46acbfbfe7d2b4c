"""Tests of the adapter for conversations without a format of their own."""
