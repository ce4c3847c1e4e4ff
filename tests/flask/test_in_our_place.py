"""What an application meets where Strict Cookies puts objects of its own."""

from __future__ import annotations

import logging
import logging.config

import pytest
from flask import Flask, session

from strict_cookies import StrictCookies


class ReverseProxied:
    """Middleware of an application, as Calibre-Web has it: views read its attributes."""

    def __init__(self, application):
        self.app = application
        self.script_name = "/books"

    def __call__(self, environ, start_response):
        return self.app(environ, start_response)


def make_app(**config):
    app = Flask("shop")
    app.config.update(SECRET_KEY="k" * 40, **config)
    app.wsgi_app = ReverseProxied(app.wsgi_app)
    StrictCookies(app)
    return app


@pytest.mark.parametrize("mode", ["enforce", "report-only"])
def test_attributes_of_the_applications_middleware_are_found(mode):
    """A view that reads one at app.wsgi_app gets it, before the first request and after."""
    app = make_app(STRICT_COOKIES_MODE=mode)
    app.add_url_rule("/", view_func=lambda: app.wsgi_app.script_name)
    assert app.wsgi_app.script_name == "/books"
    assert app.test_client().get("/", base_url="https://localhost").text == "/books"


@pytest.mark.parametrize("name", ["missing", "_private"])
def test_missing_attribute_is_an_error(name):
    """As it would be without Strict Cookies; private names are not passed on."""
    app = make_app()
    app.wsgi_app.inner._private = 1
    with pytest.raises(AttributeError, match=name):
        getattr(app.wsgi_app, name)
    with pytest.raises(AttributeError, match=name):
        getattr(app.session_interface, name)


def test_attributes_of_the_session_interface_are_found():
    """Some tools take the serializer from there."""
    app = make_app()
    serializer = app.session_interface.get_signing_serializer(app)
    assert serializer.loads(serializer.dumps({"a": 1})) == {"a": 1}


def test_disabled_log_is_switched_on(tmp_path, caplog):
    """After fileConfig(), as in the env.py of Flask-Migrate, a dropped cookie is still logged."""
    (tmp_path / "logging.ini").write_text(
        "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n"
        "[logger_root]\nlevel=WARNING\nhandlers=\n"
    )
    app = make_app(STRICT_COOKIES_MODE="enforce")

    @app.get("/drop")
    def drop():
        response = app.make_response("dropped")
        response.set_cookie("theme", "dark")
        session.get("a")
        return response

    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        logging.config.fileConfig(tmp_path / "logging.ini")
        assert logging.getLogger("strict_cookies").disabled
        logging.root.handlers = handlers
        app.test_client().get("/drop", base_url="https://localhost")
    finally:
        logging.root.handlers, logging.root.level = handlers, level
        logging.getLogger("strict_cookies").disabled = False
    assert "The logger 'strict_cookies' was disabled" in caplog.messages[0]
    assert "SC101 undeclared cookie: 'theme'" in caplog.messages[1]
