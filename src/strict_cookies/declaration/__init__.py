"""Publish: the declaration that visitors, machines and auditors read, generated from the policy."""
