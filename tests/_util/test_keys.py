"""Keys of the session stage: one for each use, newest first, shown nowhere."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from flask import Flask

from strict_cookies._util.keys import KEY_BYTES, SessionKeys, code, name_of


def test_keys_come_newest_first():
    """The secret comes before its fallbacks, in their order."""
    keys = SessionKeys("new", ["old", b"older"])
    assert keys.derive("x") == (
        *SessionKeys("new").derive("x"),
        *SessionKeys("old").derive("x"),
        *SessionKeys(b"older").derive("x"),
    )


def test_each_use_has_a_key_of_its_own():
    """No key serves two uses, and none is the secret itself."""
    keys = SessionKeys("secret" * 6)
    assert len({*keys.derive("a"), *keys.derive("b"), b"secret" * 6}) == 3
    assert all(len(key) == KEY_BYTES for key in keys.derive("a"))


@pytest.mark.parametrize("secret", ["", b""])
def test_empty_secret_is_refused(secret):
    """Nothing is ever signed with an empty key."""
    with pytest.raises(ValueError, match="SECRET_KEY is empty"):
        SessionKeys(secret)


def test_text_and_octets_are_one_secret():
    """A secret is the same as text and as its UTF-8 octets."""
    assert SessionKeys("ключ").derive("x") == SessionKeys("ключ".encode()).derive("x")


def test_repr_shows_no_key():
    """What is printed says how many secrets there are."""
    assert repr(SessionKeys("canary", ["canary2"])) == "<SessionKeys 2>"


def test_code_depends_on_key_text_and_length():
    """Another key, text or length gives another code."""
    codes = {code(b"k", b"t"), code(b"l", b"t"), code(b"k", b"u"), code(b"k", b"t", 16)}
    assert len(codes) == 4
    assert len(code(b"k", b"t", 16)) == 16


@pytest.mark.parametrize(
    ("module", "name"),
    [("_mod_wsgi_0f3a", "shop"), ("uwsgi_file_shop", "shop"), ("shop.web", "shop.web")],
)
def test_name_does_not_depend_on_the_server(module, name, monkeypatch):
    """mod_wsgi names the module by its path's digest, so that a deploy would change the name."""
    monkeypatch.setitem(sys.modules, module, ModuleType(module))
    sys.modules[module].__file__ = "/srv/releases/7/shop.wsgi"
    assert name_of(Flask(module, root_path="/srv")) == name
    app = Flask(module, root_path="/srv")
    app.config["STRICT_COOKIES_APP_NAME"] = "site"
    assert name_of(app) == "site"
