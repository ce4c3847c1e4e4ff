"""Options per view, blueprint and path: the most specific wins, and none is lost in silence."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Blueprint, Flask, Response
from flask.views import MethodView
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from strict_cookies import ConfigurationError, StrictCookies
from strict_cookies.http.presets import OPT_OUT

CSP = "Content-Security-Policy"
REAL = "https://erp.example.com"


def make_app(strict, parts=None, before=lambda app: None, **options):
    """Put an application together around a view that ``before`` may decorate."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_MODE="enforce")
    app.config["STRICT_COOKIES_HEADERS"] = options
    app.config["STRICT_COOKIES_HEADERS_SCOPES"] = parts or {}
    before(app)
    app.add_url_rule("/plain", "plain", lambda: "plain")
    strict.init_app(app)
    return app


def sources(app, path, directive="img-src"):
    """Give a directive of a page's policy; None where it is not there."""
    policy = app.test_client().get(path, base_url=REAL).headers.get(CSP, "")
    return dict(part.partition(" ")[::2] for part in policy.split("; ")).get(directive)


def images(host):
    return {"content_security_policy": {"img-src": host}}


def test_view_has_options_of_its_own():
    """They are laid over the application's, for this view alone."""
    strict = StrictCookies()

    def before(app):
        @app.get("/map")
        @strict.headers(content_security_policy_add={"img-src": "tiles.example"})
        def show_map():
            return ""

    app = make_app(strict, before=before, **images("'self' data:"))
    assert sources(app, "/map") == "'self' data: tiles.example"
    assert sources(app, "/plain") == "'self' data:"
    assert sources(app, "/map", "object-src") == "'none'"


def test_most_specific_wins():
    """Application, shorter path, longer path, outer and inner blueprint, view: in this order."""
    strict = StrictCookies()
    outer, inner = Blueprint("outer", "x"), Blueprint("inner", "x")
    outer.add_url_rule("/a", "a", lambda: "")
    inner.add_url_rule("/b", "b", lambda: "")
    inner.add_url_rule("/c", "c", strict.headers(**images("view"))(lambda: ""))

    def before(app):
        outer.register_blueprint(inner, url_prefix="/in")
        app.register_blueprint(outer, url_prefix="/out")
        app.add_url_rule("/shop", "shop", lambda: "")
        app.add_url_rule("/shop/deep", "deep", lambda: "")
        app.add_url_rule("/shopping", "shopping", lambda: "")

    parts = {
        "/shop/deep": images("longer"),
        "/shop": {**images("shorter"), "referrer_policy": "origin"},
        "/out": images("path"),
        "outer.inner": images("inner"),
        "outer": images("outer"),
    }
    app = make_app(strict, parts, before, **images("app"))
    found = {
        path: sources(app, path)
        for path in ("/plain", "/shop", "/shop/", "/shop/deep", "/shopping", "/out/missing",
                     "/out/a", "/out/in/b", "/out/in/c")
    }  # fmt: skip
    assert found == {
        "/plain": "app",
        "/shop": "shorter",
        "/shop/": "shorter",
        "/shop/deep": "longer",
        "/shopping": "app",
        "/out/missing": "path",
        "/out/a": "outer",
        "/out/in/b": "inner",
        "/out/in/c": "view",
    }
    deep = app.test_client().get("/shop/deep", base_url=REAL)
    assert deep.headers["Referrer-Policy"] == "origin"


def test_path_reaches_what_is_mounted_and_below_a_mount():
    """The path is the one that visitors see, whoever answers."""
    app = make_app(StrictCookies(), {"/old": images("old"), "/über": images("umlaut")})
    app.wsgi_app.inner = DispatcherMiddleware(app.wsgi_app.inner, {"/old": Response("old")})
    assert sources(app, "/old/page") == "old"
    assert sources(app, "/%C3%BCber/") == "umlaut"
    shop = make_app(StrictCookies(), {"/shop/plain": images("shop")})
    site = DispatcherMiddleware(Response("front"), {"/shop": shop})
    assert "img-src shop" in Client(site).get("/shop/plain", base_url=REAL).headers[CSP]


def test_root_path_is_every_path():
    """A part for "/" holds for all that Flask or anybody else answers."""
    app = make_app(StrictCookies(), {"/": images("every")})
    assert {sources(app, path) for path in ("/", "/plain", "/missing")} == {"every"}


def test_application_that_is_mounted_has_its_own_endpoints():
    """An endpoint of another application does not get the options of ours."""
    strict = StrictCookies()
    inner = Flask("inner")
    inner.add_url_rule("/", "map", lambda: "")

    def before(app):
        app.add_url_rule("/map", "map", strict.headers(**images("tiles"))(lambda: ""))

    app = make_app(strict, before=before)
    app.wsgi_app.inner = DispatcherMiddleware(app.wsgi_app.inner, {"/inner": inner})
    assert sources(app, "/map") == "tiles"
    assert sources(app, "/inner/") is None


def test_same_view_in_two_applications_follows_each():
    """Options are the same, what they are laid over is not; nothing is written to the view."""
    strict = StrictCookies()

    def view():
        return ""

    before = dict(vars(view))
    decorated = strict.headers(referrer_policy="no-referrer")(view)
    for host in ("one", "two"):
        app = make_app(strict, before=lambda app: app.add_url_rule("/v", "v", decorated),
                       **images(host))  # fmt: skip
        response = app.test_client().get("/v", base_url=REAL)
        assert f"img-src {host}" in response.headers[CSP]
        assert response.headers["Referrer-Policy"] == "no-referrer"
    assert vars(view) == before


def test_profile_for_a_blueprint():
    """JSON of a whole blueprint gets the policy for JSON; HSTS stays the host's."""
    api = Blueprint("api", "x", url_prefix="/api")
    api.add_url_rule("/", "list", lambda: {})
    app = make_app(StrictCookies(), {"api": {"profile": "api"}},
                   lambda app: app.register_blueprint(api))  # fmt: skip
    headers = app.test_client().get("/api/", base_url=REAL).headers
    assert headers[CSP] == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "report-uri /cookies/reports; report-to strict-cookies"
    )
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_asset_may_be_loaded_by_others():
    """One path opens one header."""
    parts = {"/static": {"cross_origin_resource_policy": "cross-origin"}}
    client = make_app(StrictCookies(), parts).test_client()
    name = "Cross-Origin-Resource-Policy"
    assert client.get("/static/x.css", base_url=REAL).headers[name] == "cross-origin"
    assert client.get("/plain", base_url=REAL).headers[name] == "same-origin"


def test_each_distinct_set_is_compiled_once():
    """A thousand views with the same options cost one compilation."""
    strict = StrictCookies()

    def before(app):
        for number in range(1000):
            app.add_url_rule(f"/{number}", str(number), lambda: "")

    app = make_app(strict, {"/1": images("one")}, before)
    app.test_client().get("/1")
    assert len(app.wsgi_app.talisman._sets) == 2


# --- Decorators above and below ---


def careful(view):
    @functools.wraps(view)
    def wrapped(*args, **kwargs):
        return view(*args, **kwargs)

    return wrapped


def careless(view):
    return lambda *args, **kwargs: view(*args, **kwargs)


def test_decorators_with_wraps_may_stand_anywhere():
    """Above or below, what keeps __wrapped__ keeps the options; also where it answers itself."""
    strict = StrictCookies()

    def refuse(view):
        return functools.wraps(view)(lambda: ("no", 403))

    own = strict.headers(**images("tiles"))

    def before(app):
        app.add_url_rule("/above", "above", careful(careful(own(lambda: ""))))
        app.add_url_rule("/below", "below", own(careless(lambda: "")))
        app.add_url_rule("/refused", "refused", refuse(own(lambda: "")))

    app = make_app(strict, before=before)
    assert {sources(app, path) for path in ("/above", "/below", "/refused")} == {"tiles"}


@pytest.mark.parametrize("mode", ["enforce", "raise"])
def test_decorator_without_wraps_above_is_told(mode):
    """What would be lost in silence raises when the view is called."""
    strict = StrictCookies()
    hidden = careless(strict.headers(**images("tiles"))(lambda: "seen"))
    app = make_app(strict, before=lambda app: app.add_url_rule("/v", "v", hidden))
    app.config.update(STRICT_COOKIES_MODE=mode, PROPAGATE_EXCEPTIONS=True)
    with pytest.raises(ConfigurationError, match="does nothing at 'v': a decorator above hides it"):
        app.test_client().get("/v")


def test_decorator_above_the_route_is_told_at_the_first_request():
    """There it would decorate what nobody calls."""
    strict = StrictCookies()

    def before(app):
        @strict.headers(**images("tiles"))
        @app.get("/v")
        def view():
            return ""

    app = make_app(strict, before=before)
    with pytest.raises(ConfigurationError, match="headers of 'view' stands above the route"):
        app.test_client().get("/plain")


def test_same_function_may_also_be_there_without_options():
    """Two routes, one function, options for one of them."""
    strict = StrictCookies()

    def view():
        return ""

    def before(app):
        app.add_url_rule("/bare", "bare", view)
        app.add_url_rule("/own", "own", strict.headers(**images("tiles"))(view))

    app = make_app(strict, before=before)
    assert (sources(app, "/bare"), sources(app, "/own")) == (None, "tiles")


def test_view_that_another_one_calls_is_told():
    """The response is the other view's, and so are its headers."""
    strict = StrictCookies()
    own = strict.headers(**images("tiles"))(lambda: "")

    def before(app):
        app.add_url_rule("/own", "own", own)
        app.add_url_rule("/other", "other", lambda: own())
        app.config["PROPAGATE_EXCEPTIONS"] = True

    app = make_app(strict, before=before)
    with pytest.raises(ConfigurationError, match="does nothing at 'other'"):
        app.test_client().get("/other")
    assert own() == ""


def test_application_without_the_library_is_reported():
    """A decorator alone protects nothing."""
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.add_url_rule("/", "v", StrictCookies().headers(**images("tiles"))(lambda: ""))
    with pytest.raises(ConfigurationError, match="StrictCookies was not added to the application"):
        app.test_client().get("/")


def test_options_of_another_extension_object_hold():
    """The application knows a view's options by the view, whichever object decorated it."""
    app = make_app(
        StrictCookies(),
        before=lambda app: app.add_url_rule(
            "/v", "v", StrictCookies().headers(**images("tiles"))(lambda: "")
        ),
    )
    assert sources(app, "/v") == "tiles"


def test_class_based_view():
    """A class takes the decorator in its list; put on the class itself it is refused."""
    strict = StrictCookies()

    class Page(MethodView):
        decorators = (strict.headers(**images("tiles")),)

        def get(self):
            return ""

    app = make_app(strict, before=lambda app: app.add_url_rule("/v", view_func=Page.as_view("v")))
    assert sources(app, "/v") == "tiles"
    with pytest.raises(ConfigurationError, match="Set the options of a class in `decorators`"):
        strict.headers(**images("x"))(Page)


def test_asynchronous_view_stays_asynchronous():
    """Flask must still see that it has to be awaited."""
    view = StrictCookies().headers(**images("tiles"))(answer_later)
    assert asyncio.iscoroutinefunction(view)
    # In a thread of its own: a browser may be driven from this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, view()).result() == "later"


async def answer_later():
    return "later"


@pytest.mark.parametrize(
    ("use", "message"),
    [
        pytest.param(
            lambda s: s.headers(frame_option="DENY"),
            "@strict.headers: 'frame_option' is not known. Did you mean 'frame_options'?",
            id="misspelt",
        ),
        pytest.param(lambda s: s.headers(**images("'self'; x")), "would begin another", id="value"),
        pytest.param(lambda s: s.headers(force_https=False), "has no effect here", id="not ours"),
        pytest.param(
            lambda s: s.headers(strict_transport_security=OPT_OUT),
            "holds for the whole host",
            id="host-wide",
        ),
        pytest.param(lambda s: s.headers(lambda: ""), "takes options", id="without brackets"),
        pytest.param(lambda s: s.headers(), "has no options", id="without options"),
        pytest.param(
            lambda s: s.headers(**images("a"))(1), "not a view function", id="no function"
        ),
        pytest.param(
            lambda s: s.headers(**images("a"))(s.headers(**images("b"))(lambda: "")),
            "has options already",
            id="twice",
        ),
    ],
)
def test_wrong_use_is_told_where_it_stands(use, message):
    """The line that is wrong raises, when it is imported."""
    with pytest.raises(ConfigurationError, match=message):
        use(StrictCookies())


def test_contradiction_with_the_application_is_told_at_the_first_request():
    """Only together are they wrong; the message names the view."""
    strict = StrictCookies()
    decorated = strict.headers(frame_options="SAMEORIGIN")(lambda: "")
    app = make_app(strict, before=lambda app: app.add_url_rule("/v", "v", decorated))
    with pytest.raises(ConfigurationError, match="headers of '<lambda>': frame_options is 'SAME"):
        app.test_client().get("/plain")


@pytest.mark.parametrize(
    ("rule", "is_wrong"),
    [
        ("/embed", True),
        ("/embed/deep", True),
        ("/<page>", True),
        ("/embed/<page>", True),
        ("/über/<page>", False),
        ("/embedded", False),
        ("/admin/<page>", False),
        ("/admin", False),
    ],
)
def test_only_what_can_come_together_has_to_agree(rule, is_wrong):
    """A view that is never below a path may contradict it."""
    strict = StrictCookies()
    view = strict.headers(frame_options="DENY")(lambda **values: "")
    parts = {"/embed": {"content_security_policy": {"frame-ancestors": "*"}}}
    app = make_app(strict, parts, lambda app: app.add_url_rule(rule, "v", view))
    if is_wrong:
        with pytest.raises(ConfigurationError, match="frame_options is 'DENY', but"):
            app.test_client().get("/plain")
    else:
        assert sources(app, "/embed", "frame-ancestors") == "*"
        assert app.test_client().get("/plain").headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param(
            {"shop": {}},
            "'shop' is not a blueprint of this application \\(it has strict_cookies, "
            "strict_cookies_report, strict_cookies_sessions\\)",
            id="no blueprint",
        ),
        pytest.param({"/x": []}, "is not a scope with a mapping", id="list"),
        pytest.param({1: {}}, "is not a scope with a mapping", id="number"),
        pytest.param(
            {"/x": {"frame_option": 1}}, "SCOPES '/x': 'frame_option' is not known", id="slip"
        ),
        pytest.param({"/x": {"origin_agent_cluster": True}}, "holds for the whole host", id="host"),
    ],
)
def test_wrong_part_is_told(parts, message):
    """A part that does not exist, or is no mapping of options, stops the first request."""
    with pytest.raises(ConfigurationError, match=message):
        make_app(StrictCookies(), parts).test_client().get("/")


def test_threads_get_the_headers_of_their_own_path():
    """Nothing of a request is shared."""
    app = make_app(StrictCookies(), {f"/{n}": images(f"host{n}") for n in range(8)})
    app.test_client().get("/")
    wrong = []

    def visit(number):
        found = {sources(app, f"/{number}") for _ in range(50)}
        wrong.extend(found - {f"host{number}"})

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
