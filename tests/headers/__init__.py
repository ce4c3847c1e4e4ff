"""Tests of headers."""
