"""Events of the DevTools protocol, and what a hostile page makes of them."""

from __future__ import annotations

import json

import pytest

from strict_cookies.audit.browser.observation_builder import MAX_ITEMS, ObservationBuilder, Place
from strict_cookies.audit.browser.tab_events import (
    MAX_FRAMES,
    MAX_REQUESTS,
    TabObserver,
    read_stack,
)

PLACE = Place("https://the.site/", "first visit")


@pytest.fixture
def observer():
    """A observer at the begin of a visit, and its builder."""
    builder = ObservationBuilder()
    builder.own_sites = {"the.site"}
    made = TabObserver(builder, "binding")
    made.begin(PLACE)
    return made, builder


def told(**more):
    return {
        "kind": "cookie",
        "name": "x",
        "origin": "https://the.site",
        "href": "https://the.site/a/b",
        "stack": "Error\n    at f (https://the.site/a.js?token=1:2:3)",
        "attributes": "; Max-Age=60",
        "stored": True,
        "credentialless": False,
        **more,
    }


def tell(observer, payload):
    observer.handle("Runtime.bindingCalled", {"name": "binding", "payload": payload})


def test_cookie_of_a_script_has_its_default_path_and_no_query(observer):
    """Missing attributes get the defaults of a browser."""
    made, builder = observer
    tell(made, json.dumps(told()))
    (cookie,) = builder.cookies()
    assert (cookie.name, cookie.path, cookie.declared_seconds) == ("x", "/a", 60)
    assert cookie.setter.stack == ("f (https://the.site/a.js:2:3)",)
    assert not cookie.third_party


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "no JSON",
        "[]",
        "7",
        "[" * 100_000,
        json.dumps(told(kind="other")),
        json.dumps(told(origin="null")),
        json.dumps(told(origin={"a": 1})),
        json.dumps(told(credentialless=True)),
        json.dumps(told(name="a\nb")),
        json.dumps(told(attributes="; Max-Age=0")),
        json.dumps(told(stored=False)),
    ],
    ids=lambda payload: payload[:20],
)
def test_what_stores_nothing_or_makes_no_sense_is_no_item(observer, payload):
    """A page can bend what runs in it; that stops nothing and plants nothing."""
    made, builder = observer
    tell(made, payload)
    made.end()
    assert builder.cookies() == builder.storage() == ()


def test_bent_stack_is_read_as_far_as_it_goes(observer):
    """Whatever is in place of a stack, the item is still seen."""
    made, builder = observer
    tell(made, json.dumps(told(kind="local", name="k", stack={"not": "a stack"})))
    assert [(item.name, item.setter.stack) for item in builder.storage()] == [("k", ())]


def test_stack_is_bounded_and_without_queries():
    """A stack has so many frames, none of them the recorder's own."""
    lines = ["Error", "    at set (strict-cookies-recorder:9:9)"]
    lines += [
        f"    at f{number} (https://the.site/{'x' * 999}?q=1:1:{number})" for number in range(50)
    ]
    frames = read_stack("\n".join(lines))
    assert len(frames) == MAX_FRAMES
    assert all(frame.startswith("f") and "?" not in frame and len(frame) < 400 for frame in frames)


def test_tables_are_bounded(observer):
    """A page that makes up names without end costs no more memory than others."""
    made, builder = observer
    for number in range(MAX_ITEMS + 50):
        tell(made, json.dumps(told(name=f"c{number}")))
        tell(made, json.dumps(told(kind="local", name=f"k{number}")))
        builder.record_request(f"h{number}.test", "image", PLACE)
        builder.record_blocked_cookie(f"b{number}", "h.test", "set", ("SecureOnly",), PLACE)
    for number in range(MAX_REQUESTS + 50):
        made.handle(
            "Network.requestWillBeSent",
            {"requestId": str(number), "request": {"url": "https://the.site/"}, "type": "Image"},
        )
    made.end()
    assert len(builder.cookies()) == len(builder.storage()) == MAX_ITEMS
    assert len(builder.hosts()) == len(builder.blocked()) == MAX_ITEMS


def test_redirects_are_paired_with_their_cookies(observer):
    """Of a chain of redirects each hop has its own cookies, one answered from a cache has none."""
    made, builder = observer
    hops = ["https://the.site/1", "https://t.test/2", "https://the.site/3"]
    for number, url in enumerate(hops):
        more = {"redirectResponse": {}, "redirectHasExtraInfo": number != 1} if number else {}
        made.handle(
            "Network.requestWillBeSent",
            {"requestId": "1", "request": {"url": url}, "type": "Image", **more},
        )
    for name in ("second", "third"):
        made.handle(
            "Network.responseReceivedExtraInfo",
            {"requestId": "1", "headers": {"Set-Cookie": f"{name}=secret-value"}},
        )
    made.end()
    assert {it.name: it.setter.url for it in builder.cookies()} == dict(
        zip(("second", "third"), hops[1:], strict=True)
    )
    assert "secret-value" not in repr(builder.cookies())
