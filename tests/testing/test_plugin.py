"""``pytest --strict-cookies`` in users' own test suites, run by pytester."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

POLICY = """
[[cookie]]
name = "theme"
title = "Theme"
purposes = ["preferences"]
description = "Keeps the colours you chose."
without_it = "You would choose them again."
lifetime = "session"

[[cookie]]
name = "basket"
title = "Basket"
purposes = ["user_input"]
description = "Keeps what you chose."
without_it = "You would choose it again."
lifetime = "session"
"""

SHOP = """
from flask import Flask, session

def create_app(protect=None, **config):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, **config)

    @app.get("/set/<name>")
    def set_one(name):
        response = app.make_response("done")
        response.set_cookie(name, "1")
        return response

    @app.get("/delete/<name>")
    def delete_one(name):
        response = app.make_response("done")
        response.delete_cookie(name)
        return response

    @app.get("/sign-in")
    def sign_in():
        session["user"] = "alice"
        return "hello"

    if protect is not None:
        from strict_cookies import StrictCookies
        StrictCookies(app)
    return app
"""


@pytest.fixture
def shop(pytester, monkeypatch):
    """A project with an application, and how its tests are run."""
    # With the library installed, its entry point would load the plugin once more.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(shop=SHOP)
    pytester.path.joinpath("cookies.toml").write_text(POLICY)
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n')

    def run(test, *options, watch=True):
        head = "from shop import create_app\n\n" if watch else ""
        pytester.makepyfile(test_shop=f"{head}{textwrap.dedent(test)}")
        switch = ["--strict-cookies"] if watch else []
        return pytester.runpytest_subprocess(
            "-p", "strict_cookies.testing.plugin", *switch, *options
        )

    return run


def test_undeclared_cookie_fails_the_test_with_the_line_to_add(shop):
    """The test that sees it fails, although its own assertions hold; others pass."""
    result = shop(
        """
        def test_banner():
            assert create_app().test_client().get("/set/banner").status_code == 200

        def test_theme():
            assert create_app().test_client().get("/set/theme").status_code == 200
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "SC101 undeclared cookie: 'banner' at 'GET /set/banner'. Stop setting it, or, if the "
            "site strictly needs it, add to cookies.toml:",
            "[[][[]cookie]]",
            'name = "banner"',
        ]
    )


def test_summary_names_declared_cookies_never_seen(shop):
    """Like coverage for lines; a deletion does not count."""
    result = shop(
        """
        def test_theme():
            client = create_app().test_client()
            client.get("/set/theme")
            client.get("/delete/basket")
        """
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*= strict cookies =*",
            "cookies.toml  1 of 3 declared cookies seen",
            "  never seen: basket",
            "  never seen: session",
            "*= 1 passed in *",
        ]
    )
    result.stdout.no_fnmatch_line("*never seen: theme")


def test_session_cookie_is_declared(shop):
    """Flask's own session needs no entry, with or without StrictCookies."""
    result = shop(
        """
        import pytest

        @pytest.mark.parametrize("protect", [None, True])
        def test_sign_in(protect):
            app = create_app(protect, TESTING=True)
            assert app.test_client().get("/sign-in", base_url="https://localhost").text == "hello"
        """
    )
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("  never seen: *session")


@pytest.mark.parametrize("mode", ["enforce", "report-only"])
def test_cookie_that_the_firewall_drops_fails_too(shop, mode):
    """In production the cookie would be dropped; here the test fails."""
    result = shop(
        f"""
        def test_banner():
            app = create_app(True, STRICT_COOKIES_MODE={mode!r})
            client = app.test_client()
            assert client.get("/set/banner", base_url="https://localhost").status_code == 200
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["SC101 undeclared cookie: 'banner' at *", 'name = "banner"'])


def test_error_that_a_test_expects_is_no_failure(shop):
    """In raise mode the application itself raises the error."""
    result = shop(
        """
        import pytest
        from strict_cookies import CookieDroppedError

        def test_banner():
            with pytest.raises(CookieDroppedError):
                create_app(True, TESTING=True).test_client().get(
                    "/set/banner", base_url="https://localhost"
                )
        """
    )
    result.assert_outcomes(passed=1)


def test_fixtures_are_watched(shop):
    """What a fixture's request sets is an error of the test that asked for it."""
    result = shop(
        """
        import pytest

        @pytest.fixture
        def client():
            client = create_app().test_client()
            client.get("/set/before")
            yield client
            client.get("/set/after")

        def test_nothing(client):
            pass
        """
    )
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["SC101 *: 'before' at *", "SC101 *: 'after' at *"])


def test_failing_test_keeps_its_own_failure(shop):
    """Its message comes first, then the cookie."""
    result = shop(
        """
        def test_banner():
            create_app().test_client().get("/set/banner")
            assert "ours" == "theirs"
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 'ours' == 'theirs'*", "*'banner' at 'GET /set/banner'*"])


def test_applications_have_policies_of_their_own(shop, pytester):
    """Each application is checked against its own policy, and has its own line in the summary."""
    other = pytester.mkdir("other")
    other.joinpath("cookies.toml").write_text(POLICY.replace("theme", "colour"))
    other.joinpath("app.py").write_text(
        "from flask import Flask\napp = Flask(__name__)\n"
        "@app.get('/')\ndef index():\n"
        "    response = app.make_response('')\n    response.set_cookie('colour', '1')\n"
        "    return response\n"
    )
    result = shop(
        """
        import sys
        sys.path.insert(0, "other")
        from app import app

        def test_both():
            assert app.test_client().get("/").status_code == 200
            assert create_app().test_client().get("/set/theme").status_code == 200
        """
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "cookies.toml        1 of 3 declared cookies seen",
            "other/cookies.toml  1 of 3 declared cookies seen",
        ]
    )


@pytest.mark.parametrize("way", ["option", "ini"])
def test_policy_can_be_named(shop, pytester, way):
    """For every application of the run, including other WSGI applications."""
    pytester.path.joinpath("strict.toml").write_text(POLICY.replace("theme", "colour"))
    options = ["--strict-cookies-policy=strict.toml"]
    if way == "ini":
        options = ["-o", "strict_cookies_policy=strict.toml"]
    result = shop(
        """
        from werkzeug.test import Client

        def plain(environ, start_response):
            start_response("200 OK", [("Set-Cookie", "colour=1"), ("Set-Cookie", "theme=1")])
            return [b""]

        def test_flask():
            create_app().test_client().get("/set/theme")

        def test_plain():
            Client(plain).get("/")
        """,
        *options,
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["strict.toml  1 of 3 declared cookies seen"])


def test_application_without_a_policy_is_reported(shop):
    """Nothing is passed over in silence."""
    result = shop(
        """
        from werkzeug.test import Client

        def plain(environ, start_response):
            start_response("200 OK", [("Set-Cookie", "theme=1")])
            return [b""]

        def test_plain():
            Client(plain).get("/")
        """
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["1 response was not checked, because the application has no policy. *"]
    )


def test_wrong_policy_stops_the_run(shop, pytester):
    """Every mistake is reported before the first test runs."""
    pytester.path.joinpath("wrong.toml").write_text("[[cookie]]\nname = '_ga'\n")
    result = shop("def test_it(): pass", "--strict-cookies-policy=wrong.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR:*wrong.toml*"])


def test_summary_is_right_under_xdist(shop):
    """What the workers saw is put together, and a failing test fails in its worker."""
    result = shop(
        """
        def test_theme():
            create_app().test_client().get("/set/theme")

        def test_basket():
            create_app().test_client().get("/set/basket")

        def test_banner():
            create_app().test_client().get("/set/banner")
        """,
        "-p",
        "xdist",
        "-n",
        "2",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["cookies.toml  2 of 3 declared cookies seen", "  never seen: session"], consecutive=True
    )
    assert str(result.stdout).count("declared cookies seen") == 1


def test_nothing_is_imported_before_it_is_switched_on(shop):
    """With the plugin loaded and off, a run has neither Flask nor the rest of the library."""
    result = shop(
        """
        def test_modules():
            import sys
            ours = {name for name in sys.modules if name.startswith("strict_cookies")}
            assert ours == {f"strict_cookies{name}" for name in
                ("", "._util", "._util.facade", "._version", ".testing", ".testing.plugin")}
            assert not {"flask", "werkzeug", "blinker"} & sys.modules.keys()
        """,
        watch=False,
    )
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*strict cookies*")


def test_client_is_restored():
    """After the run Werkzeug's client is as it was."""
    code = (
        "import pathlib; from werkzeug.test import Client; before = Client.run_wsgi_app\n"
        "from strict_cookies.testing.client import ClientWatch\n"
        "watch = ClientWatch(pathlib.Path()); assert Client.run_wsgi_app is not before\n"
        "watch.stop(); assert Client.run_wsgi_app is before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_entry_point_leads_to_the_plugin():
    """pytest finds it by the package's metadata."""
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    module = import_module(project["entry-points"]["pytest11"]["strict_cookies"])
    assert callable(module.pytest_addoption)
