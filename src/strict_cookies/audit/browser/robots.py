"""
What a site's robots.txt allows.

Source: RFC 9309; Crawl-delay and Sitemap are common extensions.
"""

from __future__ import annotations

import re

from protego import Protego

#: The product token of the audit in robots.txt.
ROBOT = "strict-cookies"
#: Longest delay between two pages that a robots.txt can request, in seconds.
MAX_DELAY = 10.0

#: Any spelling of a user-agent line that Protego understands.
_USER_AGENT = re.compile(r"\s*user[-\s]*agent\b[\s:]*([^#]*)", re.IGNORECASE)


class Robots:
    """
    The rules of one origin's robots.txt.

    Args:
        text: The file; empty if there is none, which allows everything.
    """

    def __init__(self, text: str = "") -> None:
        self._parser = Protego.parse(
            "\n".join(map(_merge_other_robots, text.removeprefix("\ufeff").splitlines()))
        )

    def allows(self, url: str) -> bool:
        """Return whether a page may be visited."""
        try:
            return self._parser.can_fetch(url, ROBOT)
        except ValueError:
            return False

    def delay(self) -> float | None:
        """Return the requested delay between two pages, in seconds; None if there is none."""
        delay = self._parser.crawl_delay(ROBOT)
        return None if delay is None else min(float(delay), MAX_DELAY)

    def sitemaps(self) -> list[str]:
        """Return the URLs of the sitemaps."""
        return list(self._parser.sitemaps)


def _merge_other_robots(line: str) -> str:
    """
    Rewrite a user-agent line, so that all other robots share one name.

    Protego keeps a copy of each rule for each robot of its group, so a file of half a megabyte
    could fill the memory. It also compares names by prefix; RFC 9309 compares product tokens.
    """
    match = _USER_AGENT.match(line)
    if match is None:
        return line
    product = match[1].strip().partition("/")[0].lower()
    return f"User-agent: {product if product in ('*', ROBOT) else 'another-robot'}"
