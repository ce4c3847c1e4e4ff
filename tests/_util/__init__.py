"""Tests of _util."""
