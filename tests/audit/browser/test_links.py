"""Which pages are visited, and which are left alone."""

from __future__ import annotations

import pytest

from strict_cookies.audit.browser.links import (
    MAX_VARIANTS,
    Frontier,
    declaration_links,
    is_harmless,
    read_sitemap,
)
from strict_cookies.audit.browser.robots import Robots

SITE = "https://the.site"


def frontier(*, robots="", max_pages=100, max_depth=5):
    made = Frontier(
        lambda host: host == "the.site" or host.endswith(".the.site"),
        Robots(robots).allows,
        max_pages=max_pages,
        max_depth=max_depth,
    )
    made.start([f"{SITE}/"])
    return made


def link(url, *words, **more):
    return {"url": url, "words": list(words), **more}


def rest(made):
    found = []
    while waiting := made.take():
        found.append(waiting.url.removeprefix(SITE))
    return found


def test_links_of_the_site_are_taken_once_and_nearest_first():
    """A page is visited once, whatever its fragment; another site is not visited."""
    made = frontier()
    made.add_links([link(f"{SITE}/a#top"), link(f"{SITE}/a"), link(f"{SITE}/b")], 0)
    made.add_links(
        [link("https://www.the.site/c"), link("https://other.test/"), link("mailto:x")], 0
    )
    assert rest(made) == ["/", "/a", "/b", "https://www.the.site/c"]


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://the.site:8080/", id="other port"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("https://the.site.evil.test/", id="look-alike"),
        pytest.param("https://[broken/", id="no URL"),
        pytest.param(f"{SITE}/{'x' * 3000}", id="over-long"),
    ],
)
def test_what_is_outside_is_left_alone(url):
    """Another port is another application; only pages of the site are visited."""
    made = frontier()
    made.add_links([link(url)], 0)
    assert rest(made) == ["/"]


def test_limits_hold():
    """No more pages, no deeper pages and no more variants of one page than were asked for."""
    made = frontier(max_pages=3, max_depth=2)
    made.add_links([link(f"{SITE}/{number}") for number in range(9)], 1)
    made.add_links([link(f"{SITE}/deep")], 2)
    assert made.count() == 3
    assert rest(made) == ["/", "/0", "/1"]
    made = frontier()
    made.add_links([link(f"{SITE}/calendar?day={day}") for day in range(99)], 0)
    assert len(rest(made)) == 1 + MAX_VARIANTS


@pytest.mark.parametrize(
    "changing",
    [
        link(f"{SITE}/logout"),
        link(f"{SITE}/users/sign_out"),
        link(f"{SITE}/account?action=logoff"),
        link(f"{SITE}/bye", "Sign out"),
        link(f"{SITE}/ende", "Abmelden"),
        link(f"{SITE}/fin", "Déconnexion"),
        link(f"{SITE}/x", "", "", "Log out"),
        link(f"{SITE}/orders/7/delete"),
        link(f"{SITE}/newsletter/unsubscribe"),
        link(f"{SITE}/report.pdf"),
        link(f"{SITE}/export", download=True),
    ],
)
def test_links_that_change_something_are_left_alone(changing):
    """Nobody is signed out, and nothing deleted, by an audit that follows links."""
    assert not is_harmless(changing)


@pytest.mark.parametrize(
    "harmless",
    [
        link(f"{SITE}/blog/logging-in", "About our blog"),
        link(f"{SITE}/login", "Sign in"),
        link(f"{SITE}/deleted-scenes-of-a-film/", "Films"),
        link(f"{SITE}/outlook", "Signs of the times"),
    ],
)
def test_harmless_links_are_followed(harmless):
    """A word within a word means nothing."""
    assert is_harmless(harmless)


def test_robots_are_kept_to_but_for_what_was_asked_for():
    """A rule for everybody or for this program counts; a page named by the user is visited."""
    text = "User-agent: *\nDisallow: /private"
    made = frontier(robots=text)
    made.start([f"{SITE}/private/asked"])
    made.add_links([link(f"{SITE}/private/linked"), link(f"{SITE}/open")], 0)
    assert rest(made) == ["/", "/private/asked", "/open"]


def test_sitemap_is_read_in_any_dress():
    """Namespaces, CDATA and entities are parsed; an empty location is ignored."""
    text = """<urlset xmlns:s="x"><url><loc> https://the.site/a?x=1&amp;y=2 </loc></url>
    <s:url><s:loc><![CDATA[https://the.site/b]]></s:loc></s:url><loc></loc></urlset>"""
    assert read_sitemap(text) == ["https://the.site/a?x=1&y=2", "https://the.site/b"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param('</d.json>; rel="cookie-declaration"', [f"{SITE}/d.json"], id="quoted"),
        pytest.param("<d.json>; rel=cookie-declaration", [f"{SITE}/x/d.json"], id="bare"),
        pytest.param(
            '</s.css>; rel=preload, </d.json>; type="a/b"; rel="next cookie-declaration"',
            [f"{SITE}/d.json"],
            id="among others",
        ),
        pytest.param('</d.json>; rel="cookie"', [], id="other relation"),
        pytest.param("", [], id="none"),
    ],
)
def test_declaration_is_found_in_a_link_header(header, expected):
    """The relation may be one of several, and the target relative."""
    assert declaration_links(header, f"{SITE}/x/") == expected
