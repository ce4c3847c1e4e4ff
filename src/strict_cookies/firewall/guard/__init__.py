"""Enforce: what scripts store in the browser is what the policy declares."""
