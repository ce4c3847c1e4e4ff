"""A page with a nonce that the server caches is refused: later visitors would get another nonce."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, render_template_string
from flask_caching import Cache

from strict_cookies import ConfigurationError, StrictCookies, csp_nonce

PAGE = "<script nonce='{{ csp_nonce() }}'>go()</script>"


def make_app(mode="enforce", **config):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_MODE=mode, PROPAGATE_EXCEPTIONS=False)
    app.config.update(CACHE_TYPE="SimpleCache", **config)
    cache = Cache(app)
    StrictCookies(app)

    @app.get("/cached")
    @cache.cached()
    def cached():
        return render_template_string(PAGE)

    @app.get("/quiet")
    @cache.cached()
    def quiet():
        return render_template_string("no inline code")

    @app.get("/live")
    def live():
        return render_template_string(PAGE)

    @cache.memoize()
    def menu():
        return render_template_string(PAGE)

    @app.get("/memoized")
    def memoized():
        return csp_nonce() + menu()

    @app.get("/hidden")
    def hidden():
        return (lambda: cached())()

    app.jinja_env.add_extension("flask_caching.jinja2ext.CacheExtension")

    @app.get("/fragment")
    def fragment():
        return render_template_string("{{ csp_nonce() }}{% cache 60 %}" + PAGE + "{% endcache %}")

    return app


@pytest.mark.parametrize("path", ["/cached", "/memoized", "/hidden", "/fragment"])
@pytest.mark.parametrize("mode", ["enforce", "raise"])
def test_nonce_in_what_is_cached_is_refused(mode, path, caplog):
    """View, function and fragment alike; the second request finds nothing in the cache."""
    client = make_app(mode, PROPAGATE_EXCEPTIONS=True).test_client()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="SC502: csp_nonce\\(\\) was called") as caught:
            client.get(path)
        assert caught.value.reason_id == "SC502"


def test_visitor_gets_an_error_page_and_the_log_the_reason(caplog):
    """On a live site nobody gets a page whose scripts are dead; the log says why."""
    client = make_app().test_client()
    for _ in range(2):
        caplog.clear()
        response = client.get("/cached")
        assert response.status_code == 500
        assert "<script" not in response.text
        assert "SC502" in caplog.text


def test_what_needs_no_nonce_may_be_cached():
    """The second visitor gets the cached page, with the constant policy."""
    client = make_app("raise").test_client()
    first, second = (client.get("/quiet") for _ in range(2))
    assert first.text == second.text == "no inline code"
    assert first.headers["Content-Security-Policy"] == second.headers["Content-Security-Policy"]


def test_options_of_a_cached_view_hold_for_the_cached_page():
    """The decorator below the cache is not called again, and its options still count."""
    app, strict = Flask(__name__), StrictCookies()
    app.config.update(SECRET_KEY="k" * 32, CACHE_TYPE="SimpleCache", TESTING=True)
    own = strict.headers(content_security_policy_add={"img-src": "tiles.example"})
    calls = []
    view = Cache(app).cached()(own(lambda: f"call {len(calls) or calls.append(1)}"))
    app.add_url_rule("/", "map", view)
    strict.init_app(app)
    first, second = (app.test_client().get("/") for _ in range(2))
    assert first.text == second.text
    for response in (first, second):
        assert "img-src 'self' tiles.example" in response.headers["Content-Security-Policy"]


def test_what_is_not_cached_may_have_a_nonce():
    """Flask-Caching elsewhere in the application disturbs nobody."""
    client = make_app("raise").test_client()
    for _ in range(2):
        response = client.get("/live")
        nonce = response.text.split("'")[1]
        assert f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]


def test_trial_changes_no_page(caplog):
    """In report-only mode the log tells, and the page is what it was before."""
    client = make_app("report-only").test_client()
    with caplog.at_level(logging.ERROR, "strict_cookies"):
        texts = {client.get("/cached").text for _ in range(2)}
    assert len(texts) == 1
    assert texts.pop().startswith("<script nonce=")
    assert [record.getMessage()[:5] for record in caplog.records] == ["SC502"]
