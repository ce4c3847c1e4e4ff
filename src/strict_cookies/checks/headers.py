"""Weak options of the security headers: a part of ``flask cookies check``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..headers.merge import HeaderOptions
from ..headers.rules import HEADER_RULES, Weakness


def find_weaknesses(options: Iterable[tuple[str, HeaderOptions]]) -> Iterator[tuple[str, str]]:
    """
    Yield each protection that the options switch off.

    Args:
        options: The resolved options by the place that set them; the application's own first.

    Yields:
        Message and remedy; each weakness once, for the first place that has it.
    """
    reported: set[Weakness] = set()
    for number, (place, resolved) in enumerate(options):
        wanted = ("everywhere", "application") if number == 0 else ("everywhere",)
        for rule in HEADER_RULES:
            if rule.warns not in wanted:
                continue
            for weakness in rule.find(resolved):
                if weakness not in reported:
                    reported.add(weakness)
                    yield f"{place}: {weakness.message}", weakness.remedy
