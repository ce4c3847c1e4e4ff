"""Observations made by hand: one of a clean site, and one with something of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from strict_cookies import CookiePolicy, DeclaredCookie
from strict_cookies.audit.observation import (
    BlockedCookie,
    Observation,
    ObservedCookie,
    ObservedHost,
    ObservedPage,
    ObservedStep,
    ObservedStorage,
    Setter,
)
from strict_cookies.policy.web_storage import DeclaredStorage

SITE = "https://shop.example"
HOST = "shop.example"
BEGAN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
#: What a page of ours carries.
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}

POLICY = CookiePolicy(
    cookies=(
        DeclaredCookie(
            name="__Host-Http-session",
            title="Session",
            purposes=("session", "authentication"),
            description="Keeps you signed in.",
            without_it="You could not sign in.",
        ),
        DeclaredCookie(
            name="basket",
            title="Basket",
            purposes=("user_input",),
            description="Remembers what you chose.",
            without_it="Your basket would be empty.",
            lifetime=timedelta(hours=2),
            script_readable=True,
        ),
    ),
    storage=(
        DeclaredStorage(
            name="draft-*",
            kind="session",
            title="Unsent order",
            purposes=("user_input",),
            description="Keeps what you typed.",
            without_it="You would type it again.",
        ),
    ),
)


def make_page(path="/", **changes):
    """Give a page that was visited as it should be."""
    url = path if "://" in path else f"{SITE}{path}"
    return ObservedPage(
        **{
            "url": url,
            "final_url": url,
            "step": "first visit",
            "outcome": "visited",
            "status": 200,
            "seconds": 0.8,
            "headers": HEADERS,
            "title": f"Page {path}",
            **changes,
        }
    )


def make_cookie(name="__Host-Http-session", **changes):
    """Give the session cookie as it should be, or another."""
    return ObservedCookie(
        **{
            "name": name,
            "domain": HOST,
            "secure": True,
            "httponly": True,
            "samesite": "Lax",
            "setter": Setter(kind="http", url=f"{SITE}/"),
            "seen_on": f"{SITE}/",
            "step": "first visit",
            **changes,
        }
    )


def make_basket(**changes):
    """Give the declared cookie that lasts."""
    return make_cookie(
        "basket",
        **{"httponly": False, "declared_seconds": 7200, "stored_seconds": 7200, **changes},
    )


def make_draft(**changes):
    """Give the declared item of storage."""
    return ObservedStorage(
        **{
            "kind": "session",
            "name": "draft-7",
            "origin": SITE,
            "setter": Setter(kind="script", url=f"{SITE}/static/draft.js"),
            "seen_on": f"{SITE}/",
            "step": "first visit",
            **changes,
        }
    )


def observe(**changes):
    """Give the observation of a site that keeps to :data:`POLICY`."""
    return Observation(
        **{
            "targets": (f"{SITE}/",),
            "began": BEGAN,
            "ended": BEGAN + timedelta(seconds=42),
            "browser": "Chromium 156.0.8078.0",
            "command_line": ("chromium", "--headless"),
            "pages": (make_page(), make_page("/orders", seconds=1.4)),
            "steps": (
                ObservedStep(name="first visit"),
                ObservedStep(name="logout", cookies_left=(f"basket @ {HOST} /",)),
            ),
            "cookies": (make_cookie(gone_after="logout"), make_basket()),
            "blocked": (),
            "storage": (make_draft(),),
            "hosts": (
                ObservedHost(
                    host=HOST, third_party=False, kinds=("document",), requests=4, blocked=0
                ),
            ),
            "known_routes": ("/", "/orders"),
            **changes,
        }
    )


SCRIPT = Setter(
    kind="script",
    url="https://tracker.example/t.js",
    stack=("send (https://tracker.example/t.js:3:14)", "load (https://shop.example/:12:5)"),
)

MISBEHAVING = observe(
    pages=(
        make_page(screenshot="page-001.png"),
        make_page("/orders?page=2", seconds=2.1, headers={"content-type": "text/html"}),
        make_page("/export.csv", outcome="download", status=None, seconds=0.2),
        make_page("/loop", outcome="redirect loop", status=None, seconds=0.4),
        make_page("/old", status=404),
        make_page("/login", step="login", seconds=1.1, remarks=("Closed a dialog: Welcome!",)),
        make_page("/account", step="login", final_url=f"{SITE}/login", seconds=0.6),
        make_page(
            "/",
            step="logout",
            headers={**HEADERS, "content-security-policy": "default-src *"},
        ),
    ),
    steps=(
        ObservedStep(name="first visit", cookies_left=(f"basket @ {HOST} /",)),
        ObservedStep(name="login", problem="No field is named 'password'."),
        ObservedStep(
            name="logout",
            cookies_left=(f"__Host-Http-session @ {HOST} /", f"basket @ {HOST} /"),
            storage_left=(f"local profile @ {SITE}", f"session draft-7 @ {SITE}"),
        ),
    ),
    cookies=(
        make_cookie(secure=False, samesite="", declared_seconds=2_592_000),
        make_basket(declared_seconds=63_072_000, stored_seconds=34_560_000),
        make_cookie("theme", httponly=False, setter=SCRIPT, declared_seconds=86_400, step="login"),
        make_cookie(
            "_ga", domain=HOST, httponly=False, host_only=False, setter=SCRIPT,
            declared_seconds=63_072_000, stored_seconds=34_560_000, secure=False, samesite="",
        ),
        make_cookie(
            "uid", domain="pixel.example", third_party=True, samesite="None",
            setter=Setter(kind="http", url="https://pixel.example/p.gif"),
            stored_seconds=34_560_000,
        ),
        make_cookie(
            "chip", domain="frame.example", third_party=True, samesite="None",
            partition_key="https://shop.example",
            setter=Setter(kind="http", url="https://frame.example/"),
        ),
    ),
    blocked=(
        BlockedCookie(name="_fbp", host=HOST, direction="set", reasons=("SecureOnly",),
                      seen_on=f"{SITE}/", step="first visit"),
        BlockedCookie(name="mystery", host=HOST, direction="set", reasons=("InvalidPrefix",),
                      seen_on=f"{SITE}/orders?page=2", step="first visit"),
        BlockedCookie(name="basket", host="pixel.example", direction="sent",
                      reasons=("DomainMismatch",), seen_on=f"{SITE}/", step="first visit"),
    ),
    storage=(
        make_draft(),
        make_draft(kind="local", name="profile", setter=SCRIPT),
        make_draft(kind="service worker", name=f"{SITE}/sw.js"),
        make_draft(kind="indexeddb", name="ads", origin="https://frame.example", third_party=True),
        make_draft(kind="local", name="_gcl_ls", setter=SCRIPT),
    ),
    hosts=(
        ObservedHost(host=HOST, third_party=False, kinds=("document", "image"), requests=14,
                     blocked=0),
        ObservedHost(host="pixel.example", third_party=True, kinds=("image",), requests=3,
                     blocked=0, cookies_sent=("uid",), seen_on=f"{SITE}/"),
        ObservedHost(host="www.google-analytics.com", third_party=True, kinds=("script",),
                     requests=1, blocked=0, seen_on=f"{SITE}/"),
        ObservedHost(host="fonts.example", third_party=True, kinds=("font",), requests=0,
                     blocked=2, seen_on=f"{SITE}/"),
        ObservedHost(host="go.example", third_party=True, kinds=("document",), requests=1,
                     blocked=0, redirect_only=True, seen_on=f"{SITE}/old"),
    ),
    known_routes=("/", "/orders", "/account", "/orders/<int:number>"),
)  # fmt: skip
