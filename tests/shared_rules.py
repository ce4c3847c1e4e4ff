"""What Werkzeug compiles of a rule, made once a process: half of the start of an application."""

from __future__ import annotations

from werkzeug.routing import Rule

_compile_builder = Rule._compile_builder
_builders = {}


def compile_builder(rule, append_unknown=True):
    """Give a rule's URL builder; where it has no defaults, its text decides what that is."""
    if rule.defaults:
        return _compile_builder(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]
