"""Tests of flask."""
