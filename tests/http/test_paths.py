"""Exact paths in settings: what is an entry, and what it covers."""

from __future__ import annotations

import pytest
from werkzeug.test import create_environ

from strict_cookies.errors import ConfigurationError
from strict_cookies.http.paths import is_listed, request_path, validate_paths


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("healthz", id="no slash"),
        pytest.param("", id="empty"),
        pytest.param("/hooks/*", id="star"),
        pytest.param("/orders/<int:id>", id="rule of Flask"),
        pytest.param("/a?b=1", id="query"),
        pytest.param("/a#b", id="fragment"),
        pytest.param("/caf%C3%A9", id="escaped"),
        pytest.param("/a b", id="space"),
        pytest.param("/a\n", id="line break"),
        pytest.param("\\a", id="backslash"),
        pytest.param("https://a.example/", id="URL"),
        pytest.param("post /a", id="method in small letters"),
        pytest.param(b"/a", id="bytes"),
        pytest.param(None, id="None"),
    ],
)
@pytest.mark.parametrize("methods", [False, True])
def test_anything_but_an_exact_path_is_refused(entry, methods):
    """An exemption is named to the letter; what looks like a pattern would match nothing."""
    with pytest.raises(ConfigurationError) as caught:
        validate_paths("THE_SETTING", ["/fine", entry], methods=methods)
    assert str(caught.value).startswith(
        f"THE_SETTING has {entry!r}, which is not an exact path. Write"
    )


def test_method_is_allowed_where_it_counts():
    """A method before a path narrows an exemption, where the setting knows methods."""
    assert validate_paths("S", ["POST /a", "/b"], methods=True) == {"POST /a", "/b"}
    with pytest.raises(ConfigurationError):
        validate_paths("S", ["POST /a"])


@pytest.mark.parametrize(
    ("entries", "method", "path", "listed"),
    [
        pytest.param(["/a"], "GET", "/a", True, id="any method"),
        pytest.param(["POST /a"], "POST", "/a", True, id="that method"),
        pytest.param(["POST /a"], "PUT", "/a", False, id="another method"),
        pytest.param(["/a"], "GET", "/a/", False, id="slash at the end"),
        pytest.param(["/a/"], "GET", "/a", False, id="no slash at the end"),
        pytest.param(["/a"], "GET", "/a/b", False, id="below"),
        pytest.param(["/a"], "GET", "//a", False, id="two slashes"),
        pytest.param(["/a"], "GET", "/A", False, id="capital"),
        pytest.param(["/a"], "GET", "/x/../a", False, id="dots"),
        pytest.param(["/a"], "GET", "/a?b=1", True, id="query is no part of it"),
        pytest.param(["/a"], "GET", "/%61", True, id="escaped on the wire"),
        pytest.param(["/café"], "GET", "/caf%C3%A9", True, id="beyond ASCII"),
        pytest.param(["/"], "GET", "/", True, id="root"),
        pytest.param([], "GET", "/", False, id="none"),
    ],
)
def test_entry_covers_its_path_alone(entries, method, path, listed):
    """Nothing but the very path, with the very method where one is given, is covered."""
    environ = create_environ(path, method=method)
    assert is_listed(environ, validate_paths("S", entries, methods=True)) is listed


def test_place_of_a_mount_is_part_of_the_path():
    """An entry is the path that visitors see, also where the application is mounted below."""
    environ = create_environ("/acs", "https://erp.example/saml")
    assert request_path(environ) == "/saml/acs"
    assert is_listed(environ, frozenset({"/saml/acs"}))
    assert not is_listed(environ, frozenset({"/acs"}))
