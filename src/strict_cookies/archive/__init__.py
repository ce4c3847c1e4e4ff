"""What outlives a request and is no session: numbered logs, small values, counters."""
