"""Firewall."""
