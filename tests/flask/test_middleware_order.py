"""What is found out about the order of middleware around an application."""

from __future__ import annotations

import functools

import flask
import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware

from strict_cookies.flask.middleware_order import inspect_chain
from strict_cookies.reasons import Reason

HERE = __name__
DISPATCHER = "werkzeug.middleware.dispatcher.DispatcherMiddleware"
SHARED = "werkzeug.middleware.shared_data.SharedDataMiddleware"


def application(environ, start_response):
    """Answer nothing."""
    start_response("204 No Content", [])
    return [b""]


class Ours:
    """Stands where Strict Cookies stands."""

    def __init__(self, inner):
        self._inner = inner

    def __call__(self, environ, start_response):
        return self._inner(environ, start_response)


class Wrapper:
    """Middleware that keeps what it wraps under a name of its choice."""

    def __init__(self, app, attribute="app"):
        setattr(self, attribute, app)

    def __call__(self, environ, start_response):
        raise NotImplementedError


class CookieProxyFix(ProxyFix):
    """A ProxyFix of somebody's own."""


def hide(app):
    """Wrap an application in a closure, which shows nothing."""

    def closure(environ, start_response):
        return app(environ, start_response)

    return closure


def decorate(app):
    """Wrap an application in a function that tells what it wraps."""

    @functools.wraps(app)
    def decorated(environ, start_response):
        return app(environ, start_response)

    return decorated


def outside(name):
    """Expect that a class was found outside."""
    return (Reason.UNKNOWN_MIDDLEWARE, f"{name} wraps the application outside Strict Cookies")


INSIDE = (Reason.PROXY_FIX_INSIDE, "ProxyFix is wrapped by Strict Cookies")


def twice(count, *, own=False):
    """Expect that several ProxyFix were found."""
    ours_too = ", that of STRICT_COOKIES_TRUSTED_PROXIES among them" if own else ""
    return (Reason.PROXY_FIX_TWICE, f"{count} ProxyFix wrap the application{ours_too}")


def inspect(around, within=lambda app: app, trusted=()):
    """Build a chain: what ``around`` puts outside ours, and ``within`` inside."""
    inner = within(application)
    ours = Ours(inner)
    return inspect_chain(around(ours), ours, inner, trusted)


@pytest.mark.parametrize(
    ("around", "found"),
    [
        pytest.param(lambda app: app, [], id="ours outermost"),
        pytest.param(ProxyFix, [], id="ProxyFix"),
        pytest.param(CookieProxyFix, [], id="subclass of ProxyFix"),
        pytest.param(LintMiddleware, [], id="LintMiddleware"),
        pytest.param(lambda app: ProfilerMiddleware(app, stream=None), [], id="ProfilerMiddleware"),
        pytest.param(
            lambda app: LintMiddleware(ProxyFix(ProfilerMiddleware(app))), [], id="all harmless"
        ),
        pytest.param(lambda app: ProxyFix(ProxyFix(app)), [twice(2)], id="two ProxyFix"),
        pytest.param(
            lambda app: ProxyFix(LintMiddleware(ProxyFix(app))), [twice(2)], id="two, apart"
        ),
        pytest.param(
            lambda app: SharedDataMiddleware(app, {}), [outside(SHARED)], id="SharedDataMiddleware"
        ),
        pytest.param(
            lambda app: DispatcherMiddleware(app, {}),
            [outside(DISPATCHER)],
            id="DispatcherMiddleware",
        ),
        pytest.param(
            lambda app: DispatcherMiddleware(SharedDataMiddleware(app, {}), {"/x": application}),
            [outside(DISPATCHER), outside(SHARED)],
            id="two unknown",
        ),
        pytest.param(
            lambda app: SharedDataMiddleware(ProxyFix(ProxyFix(app)), {}),
            [outside(SHARED), twice(2)],
            id="unknown and two ProxyFix",
        ),
        pytest.param(hide, [outside(f"{HERE}.hide.<locals>.closure")], id="closure"),
        pytest.param(
            functools.partial(functools.partial, application),
            [outside("functools.partial")],
            id="partial",
        ),
        pytest.param(
            lambda app: ProxyFix(hide(app)),
            [outside(f"{HERE}.hide.<locals>.closure")],
            id="closure within ProxyFix",
        ),
    ],
)
def test_what_stands_outside(around, found):
    """Only ProxyFix, once, and middleware without cookies may stand outside."""
    assert inspect(around) == found


@pytest.mark.parametrize(
    ("within", "found"),
    [
        pytest.param(lambda app: SharedDataMiddleware(app, {}), [], id="SharedDataMiddleware"),
        pytest.param(lambda app: DispatcherMiddleware(app, {}), [], id="DispatcherMiddleware"),
        pytest.param(hide, [], id="closure"),
        pytest.param(ProxyFix, [INSIDE], id="ProxyFix"),
        pytest.param(
            lambda app: SharedDataMiddleware(ProxyFix(app), {}), [INSIDE], id="ProxyFix deep inside"
        ),
        pytest.param(lambda app: ProxyFix(ProxyFix(app)), [INSIDE, twice(2)], id="two"),
    ],
)
def test_what_stands_inside(within, found):
    """Any middleware may stand inside, except ProxyFix, which comes too late there."""
    assert inspect(lambda app: app, within) == found


@pytest.mark.parametrize(
    ("around", "within", "found"),
    [
        pytest.param(lambda app: app, lambda app: app, [], id="alone"),
        pytest.param(ProxyFix, lambda app: app, [twice(2, own=True)], id="another outside"),
        pytest.param(lambda app: app, ProxyFix, [INSIDE, twice(2, own=True)], id="another inside"),
        pytest.param(ProxyFix, ProxyFix, [INSIDE, twice(3, own=True)], id="on both sides"),
    ],
)
def test_own_proxy_fix_counts(around, within, found):
    """Where ours brings a ProxyFix, any other is one too many."""
    inner = within(application)
    ours = Ours(inner)
    assert inspect_chain(around(ours), ours, inner, own_fix=True) == found


def test_proxy_fix_on_both_sides():
    """A ProxyFix outside and one inside are both told, and that they are two."""
    assert inspect(ProxyFix, ProxyFix) == [INSIDE, twice(2)]


@pytest.mark.parametrize(
    "attribute",
    ["app", "wsgi_app", "application", "_app", "_wsgi_app", "wrapped", "__wrapped__"],
)
def test_chain_is_followed_through_common_attributes(attribute):
    """What middleware wraps is found under each of the names that middleware commonly uses."""
    name = f"{HERE}.Wrapper"
    around = functools.partial(Wrapper, attribute=attribute)
    assert inspect(lambda app: around(ProxyFix(ProxyFix(app)))) == [outside(name), twice(2)]
    assert inspect(around, trusted=[name]) == []


def test_attribute_that_is_no_application_is_passed_over():
    """An attribute of a common name that can't be called does not end the walk."""

    def around(app):
        layer = Wrapper("configuration", "app")
        layer.wsgi_app = app
        return layer

    assert inspect(around, trusted=[f"{HERE}.Wrapper"]) == []


@pytest.mark.parametrize(
    ("around", "trusted", "found"),
    [
        pytest.param(lambda app: SharedDataMiddleware(app, {}), [SHARED], [], id="class"),
        pytest.param(
            lambda app: SharedDataMiddleware(app, {}),
            ["SharedDataMiddleware"],
            [outside(SHARED)],
            id="name without module",
        ),
        pytest.param(
            lambda app: SharedDataMiddleware(DispatcherMiddleware(app, {}), {}),
            [SHARED],
            [outside(DISPATCHER)],
            id="one of two",
        ),
        pytest.param(
            lambda app: SharedDataMiddleware(ProxyFix(ProxyFix(app)), {}),
            [SHARED],
            [twice(2)],
            id="trust does not hide the rest",
        ),
        pytest.param(
            hide,
            [f"{HERE}.hide.<locals>.closure"],
            [(Reason.UNKNOWN_MIDDLEWARE, f"{HERE}.hide.<locals>.closure hides what it wraps")],
            id="closure that hides",
        ),
    ],
)
def test_trusted_names(around, trusted, found):
    """A trusted class may stand outside, as long as what it wraps can be seen."""
    assert inspect(around, trusted=trusted) == found


def test_decorated_function_is_followed():
    """A function made with functools.wraps shows what it wraps, so it can be trusted."""

    def ours(environ, start_response):
        return application(environ, start_response)

    around = decorate(ours)
    assert inspect_chain(around, ours, application) == [outside(f"{HERE}.{ours.__qualname__}")]
    assert inspect_chain(around, ours, application, [f"{HERE}.{ours.__qualname__}"]) == []


def test_bound_method_ends_the_walk():
    """A bound method is taken for the application itself: what is behind it is not looked at."""
    app = flask.Flask(__name__)
    inner = app.wsgi_app
    app.wsgi_app = Ours(inner)
    assert inspect_chain(app.wsgi_app, app.wsgi_app, inner) == []
    name = f"{HERE}.Ours.__call__"
    assert inspect_chain(app.wsgi_app.__call__, app.wsgi_app, inner) == [outside(name)]


def test_ours_among_the_mounts_is_not_reached():
    """Where only a mount of a dispatcher is protected, the rest is told to be unprotected."""

    def around(app):
        return DispatcherMiddleware(application, {"/shop": app})

    assert inspect(around) == [outside(DISPATCHER), outside(f"{HERE}.application")]


def test_ours_gone_is_told():
    """Where Strict Cookies was taken out of the chain, something is found."""
    ours = Ours(application)
    assert inspect_chain(application, ours, application) == [outside(f"{HERE}.application")]


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(ProxyFix(application), id="harmless"),
        pytest.param(Wrapper(application), id="unknown"),
    ],
)
def test_cycle_ends(layer):
    """Middleware that wraps itself is told like any that hides the rest; the walk ends."""
    layer.app = layer
    ours = Ours(application)
    (found,) = inspect_chain(layer, ours, application)
    assert found[0] is Reason.UNKNOWN_MIDDLEWARE


def test_longer_cycle_ends():
    """A cycle of several layers is walked once, and each of them counts once."""
    fix = ProxyFix(application)
    fix.app = LintMiddleware(fix)
    ours = Ours(application)
    assert inspect_chain(fix, ours, application) == [
        (Reason.UNKNOWN_MIDDLEWARE, "werkzeug.middleware.lint.LintMiddleware hides what it wraps")
    ]


def test_cycle_inside_ends():
    """A cycle inside is walked once."""
    layer = Wrapper(application)
    layer.app = Wrapper(layer)
    ours = Ours(layer)
    assert inspect_chain(ours, ours, layer) == []


def test_very_deep_chain_is_walked_to_its_end():
    """However many layers there are, all are looked at."""
    ours = Ours(application)
    chain = functools.reduce(lambda app, _: LintMiddleware(app), range(500), ours)
    assert inspect_chain(chain, ours, application) == []
    deep = functools.reduce(lambda app, _: LintMiddleware(app), range(500), ProxyFix(application))
    ours = Ours(deep)
    assert inspect_chain(ours, ours, deep) == [INSIDE]


def test_middleware_that_keeps_the_flask_application():
    """Middleware that keeps both the Flask object and the wrapped wsgi_app can be trusted."""
    app = flask.Flask(__name__)
    inner = app.wsgi_app
    ours = app.wsgi_app = Ours(inner)
    layer = Wrapper(app)
    layer.wsgi_app = ours
    app.wsgi_app = layer
    assert inspect_chain(app.wsgi_app, ours, inner, [f"{HERE}.Wrapper"]) == []


def test_attribute_that_raises_is_passed_over():
    """A property that raises does not stop the application; the next name is looked at."""

    class Raising(Wrapper):
        def __init__(self, app):
            self._app = app

        @property
        def app(self):
            raise RuntimeError("working outside of a context")

    assert inspect(Raising) == [outside(f"{HERE}.{Raising.__qualname__}")]
    assert inspect(Raising, trusted=[f"{HERE}.{Raising.__qualname__}"]) == []


def test_proxy_without_a_context_is_passed_over():
    """Middleware that keeps flask.current_app, unbound at start, does not stop the application."""
    ours = Ours(application)
    (found, *_) = inspect_chain(Wrapper(flask.current_app), ours, application)
    assert found == outside(f"{HERE}.Wrapper")
