"""Flask-Caching: a cached page is the same for all, and keeps nobody's cookie."""

from __future__ import annotations

from flask import Flask, session
from flask_caching import Cache

from strict_cookies import StrictCookies

SITE = "https://localhost"


def test_cached_page_carries_nobodys_session():
    """What is cached is the view's answer; the session's cookie is added later, for one visitor."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TESTING=True, CACHE_TYPE="SimpleCache")
    cache = Cache(app)
    StrictCookies(app)
    made = []

    @app.get("/")
    @cache.cached()
    def index():
        made.append(1)
        session["user"] = "alice"
        return "page"

    first, second = (app.test_client().get("/", base_url=SITE) for _ in range(2))
    assert (first.text, second.text, len(made)) == ("page", "page", 1)
    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
