"""Tests of _storage."""
