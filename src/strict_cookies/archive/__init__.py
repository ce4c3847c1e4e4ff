"""Durable data other than sessions: numbered logs, small values, counters."""
