"""What robots.txt allows, by RFC 9309."""

from __future__ import annotations

import time

import pytest

from strict_cookies.audit.browser.robots import MAX_DELAY, Robots

SITE = "https://the.site"


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        pytest.param("Disallow: /private", "/private/a", False, id="prefix"),
        pytest.param("Disallow: /*/private", "/a/private", False, id="star"),
        pytest.param("Disallow: /*/private", "/private", True, id="star that does not match"),
        pytest.param("Disallow: /*.php$", "/a/b.php", False, id="end"),
        pytest.param("Disallow: /*.php$", "/a/b.php?x=1", True, id="end that does not match"),
        pytest.param("Disallow: /a/\nAllow: /a/b", "/a/b/c", True, id="longest rule wins"),
        pytest.param("Allow: /page\nDisallow: /page", "/page", True, id="allow wins a tie"),
        pytest.param("Disallow: /*?sort=", "/list?sort=name", False, id="query"),
        pytest.param("Disallow: /caf%C3%A9", "/café", False, id="percent-encoding"),
        pytest.param("Disallow:", "/", True, id="empty rule"),
    ],
)
def test_rules_are_matched(rules, path, allowed):
    """``*`` and ``$`` mean what RFC 9309 section 2.2.3 says."""
    assert Robots(f"User-agent: *\n{rules}\n").allows(f"{SITE}{path}") is allowed


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        pytest.param("User-agent: strict-cookies\nDisallow: /", False, id="by name"),
        pytest.param("User-Agent: Strict-Cookies/1.0\nDisallow: /", False, id="case and version"),
        pytest.param("User-agent: other\nUser-agent: strict-cookies\nDisallow: /", False, id="two"),
        pytest.param("User-agent: other\nDisallow: /", True, id="another robot"),
        pytest.param("User-agent: strict\nDisallow: /", True, id="part of the name"),
        pytest.param("User-agent: cookies\nDisallow: /", True, id="end of the name"),
        pytest.param(
            "User-agent: *\nDisallow: /\n\nUser-agent: strict-cookies\nAllow: /", True,
            id="own group before the general one",
        ),
        pytest.param("\ufeffUser-agent: *\nDisallow: /", False, id="byte order mark"),
        pytest.param("user agent *\nDisallow /", False, id="without colons"),
        pytest.param("", True, id="no file"),
        pytest.param("<!doctype html>\nNot found", True, id="not a robots.txt"),
    ],
)  # fmt: skip
def test_group_of_the_robot_counts(text, allowed):
    """The group with the robot's name counts, else the one for every robot."""
    assert Robots(text).allows(f"{SITE}/") is allowed


def test_delay_and_sitemaps_are_read():
    """A delay is bounded; sitemaps belong to no group."""
    text = "User-agent: *\nCrawl-delay: 2\nSitemap: https://the.site/map.xml"
    assert Robots(text).sitemaps() == ["https://the.site/map.xml"]
    assert Robots(text).delay() == 2
    assert Robots("User-agent: *\nCrawl-delay: 86400").delay() == MAX_DELAY
    assert Robots("User-agent: *\nCrawl-delay: soon").delay() is None
    assert Robots("").delay() is None


def test_url_that_is_not_unicode_is_not_allowed():
    """A URL that can't be compared with the rules is not visited."""
    assert not Robots("User-agent: *\nDisallow: /x").allows(f"{SITE}/\ud800")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "".join(f"User-agent: a{number}\n" for number in range(8000))
            + "Disallow: /a\n" * 20_000,
            id="many robots",
        ),
        pytest.param("User-agent: *\nDisallow: /" + "*a" * 200_000 + "b$", id="many stars"),
        pytest.param("User-agent: *\n" + "Disallow: *a$\n" * 30_000, id="many rules"),
    ],
)
def test_hostile_file_costs_little(text):
    """No file of half a megabyte takes long, whatever is in it."""
    began = time.perf_counter()
    Robots(text).allows(f"{SITE}/{'a' * 1900}")
    assert time.perf_counter() - began < 5
