"""The audit trail: significant events in one chain, counters beside it, signed heads."""
