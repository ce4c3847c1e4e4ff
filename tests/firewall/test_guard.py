"""The guard's scripts as they are served: small, made of their source, with the policy's names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from strict_cookies import CookiePolicy, StrictCookies
from strict_cookies.firewall.guard.script import Guard, name_patterns, needs_nonce
from strict_cookies.http.presets import CLOSED_CSP
from tests.policies import declare, keep

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "strict_cookies" / "firewall" / "guard"
#: Most octets of the guard, names of the policy excluded.
MOST_OCTETS = 2047


def fits(pattern, name):
    """Tell whether a JavaScript pattern fits a name; both languages read what we write alike."""
    return re.fullmatch(pattern.replace("[^]", r"[\s\S]").replace("[]", "(?!)"), name) is not None


def test_guard_is_small():
    """The guard has less than 2 KiB, whatever it is called with."""
    policy = CookiePolicy()
    names = json.dumps(name_patterns(policy))
    for report_only in (False, True):
        text = Guard(policy, report_only=report_only).scripts["guard.js"].text
        assert len(text.replace(names, "").encode()) <= MOST_OCTETS


def test_minified_files_are_made_of_their_source():
    """Whoever changes a script must minify it again."""
    command = [sys.executable, ROOT / "scripts" / "minify_guard.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_minified_files_have_no_secrets_of_their_own():
    """What is shipped minified is there to read as well."""
    assert sorted(path.name for path in FOLDER.glob("*.js")) == [
        "erase.js",
        "erase.min.js",
        "guard.js",
        "guard.min.js",
    ]


# --- Names ---


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        pytest.param("theme", "theme", True, id="exact"),
        pytest.param("theme", "Theme", False, id="case"),
        pytest.param("theme", "themes", False, id="longer"),
        pytest.param("theme", "a theme", False, id="behind"),
        pytest.param("draft:*", "draft:1", True, id="pattern"),
        pytest.param("draft:*", "draft:", True, id="star for nothing"),
        pytest.param("draft:*", "draft", False, id="shorter than the pattern"),
        pytest.param("draft:*", "draft:a\nb", True, id="star for a line break"),
        pytest.param("a.b", "aXb", False, id="dot"),
        pytest.param("x+(y)|z", "x+(y)|z", True, id="special characters"),
        pytest.param("x+(y)|z", "z", False, id="no alternative"),
        pytest.param("[a]{2}^$?\\/", "[a]{2}^$?\\/", True, id="more special characters"),
    ],
)
def test_declared_name_is_spelt_as_a_pattern(declared, name, expected):
    """A name means itself, character by character; a star at its end means anything."""
    policy = CookiePolicy(storage=(keep(declared),))
    assert fits(name_patterns(policy)["local"], name) is expected


def test_each_kind_has_names_of_its_own():
    """What is declared for one kind of storage opens no other."""
    policy = CookiePolicy(
        cookies=(declare("c", script_readable=True),),
        storage=(
            keep("l"),
            keep("s", kind="session", lifetime=None),
            keep("i", kind="indexeddb"),
            keep("h", kind="cache"),
        ),
    )
    patterns = name_patterns(policy)
    assert {kind: "".join(n for n in "clsih" if fits(patterns[kind], n)) for kind in patterns} == {
        "cookie": "c",
        "local": "l",
        "session": "s",
        "indexeddb": "i",
        "cache": "h",
    }


def test_nothing_declared_fits_nothing():
    """Without an entry not even an empty name may be written."""
    assert [fits(pattern, "") for pattern in name_patterns(CookiePolicy()).values()] == [False] * 5


@pytest.mark.parametrize(
    "name", ["app_theme", "app_", "app_own", "app_own_x", "app_session", "lang"]
)
def test_cookie_may_be_written_where_its_entry_is_script_readable(name):
    """The entry that counts on the wire counts here: the exact one, then the longest pattern."""
    policy = CookiePolicy(
        cookies=(
            declare("app_*", script_readable=True),
            declare("app_own_*"),
            declare("app_own_x", script_readable=True),
            declare("app_session"),
            declare("lang"),
        )
    )
    found = policy.find(name)
    assert fits(name_patterns(policy)["cookie"], name) is found.script_readable


def test_names_stay_text_in_the_script():
    """A name that looks like code is a text in the script."""
    name = '");alert(1)//</script>'
    text = Guard(CookiePolicy(storage=(keep(name),))).scripts["guard.js"].text
    patterns, end = json.JSONDecoder().raw_decode(text, text.index('({"cookie"') + 1)
    assert fits(patterns["local"], name)
    assert text[end:] == ", false);\n"
    assert text.isascii()


def test_hash_is_that_of_the_text():
    """Another policy, or another mode, has another address; the same one keeps it."""
    one, two = CookiePolicy(), CookiePolicy(storage=(keep("x"),))
    scripts = [*Guard(one).scripts.values(), *Guard(two).scripts.values()]
    scripts.append(Guard(one, report_only=True).scripts["guard.js"])
    assert len({script.hash for script in scripts}) == len(scripts) == 5
    assert Guard(CookiePolicy()).scripts["guard.js"] == scripts[0]
    assert all(re.fullmatch("[0-9a-f]{16}", script.hash) for script in scripts)


# --- The tag ---


@pytest.mark.parametrize(
    ("csp", "needed"),
    [
        pytest.param("", False, id="none"),
        pytest.param("default-src 'self'", False, id="default"),
        pytest.param("default-src 'none'", True, id="default none"),
        pytest.param("default-src 'none'; script-src 'self'", False, id="script-src"),
        pytest.param("script-src 'self' 'strict-dynamic'", True, id="strict-dynamic"),
        pytest.param("default-src 'self'; script-src https://cdn.example", True, id="no self"),
        pytest.param("script-src 'none'; script-src-elem 'self'", False, id="script-src-elem"),
        pytest.param("SCRIPT-SRC 'self';;", False, id="upper case"),
        pytest.param("script-src 'self'; script-src 'none'", False, id="first one counts"),
        pytest.param("img-src 'self'", False, id="silent on scripts"),
    ],
)
def test_nonce_is_needed_where_files_of_the_site_don_t_pass(csp, needed):
    """A nonce is asked for only where the policy would stop the guard without one."""
    assert needs_nonce(csp) is needed


def make_app(template, **config):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=CookiePolicy(), **config)

    @app.get("/")
    def index():
        return render_template_string(template)

    StrictCookies(app)
    return app


def render(template="{{ strict_cookies_guard() }}", base_url="https://erp.test/", **config):
    return make_app(template, **config).test_client().get("/", base_url=base_url)


def guard_hash():
    app = make_app("")
    app.test_client().get("/")
    return Guard(app.extensions["strict_cookies"].policy).scripts["guard.js"].hash


def test_tag_asks_for_the_script_by_its_hash():
    """The tag is a plain one: a page under the closed policy stays cacheable."""
    answer = render()
    assert answer.text == f'<script src="/cookies/guard.js?{guard_hash()}"></script>'
    assert "nonce" not in answer.headers["Content-Security-Policy"]


def test_tag_knows_where_the_application_is_mounted():
    """Prefix and mount point are in the address."""
    answer = render(base_url="https://erp.test/shop", STRICT_COOKIES_URL_PREFIX="/legal")
    assert answer.text == f'<script src="/shop/legal/guard.js?{guard_hash()}"></script>'


def test_tag_has_a_nonce_where_the_policy_asks_for_one():
    """Under strict-dynamic the tag bears the page's nonce, which is in the header."""
    csp = {**CLOSED_CSP, "script-src": "'strict-dynamic'"}
    answer = render(STRICT_COOKIES_HEADERS={"content_security_policy": csp})
    nonce = re.search('nonce="([0-9a-f]+)"', answer.text)[1]
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


def test_eraser_comes_behind_the_guard_by_choice():
    """Both scripts are asked for, the guard first; in report-only mode nothing is erased."""
    template = "{{ strict_cookies_guard(erase=True) }}"
    names = re.findall(r"/cookies/(\w+\.js)", render(template).text)
    assert names == ["guard.js", "erase.js"]
    answer = render(template, STRICT_COOKIES_MODE="report-only")
    assert re.findall(r"/cookies/(\w+\.js)", answer.text) == ["guard.js"]


def test_eraser_is_served():
    """The eraser's address answers with it."""
    app = make_app("{{ strict_cookies_guard(erase=True) }}")
    client = app.test_client()
    address = re.findall(r'src="([^"]+)"', client.get("/").text)[1]
    answer = client.get(address)
    assert answer.text == Guard(app.extensions["strict_cookies"].policy).scripts["erase.js"].text
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
