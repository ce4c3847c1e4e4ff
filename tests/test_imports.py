"""What an import loads: third-party packages, memory, and nothing later during requests."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: What an application pays for only if it uses it.
OPTIONAL = {"babel", "cryptography", "playwright", "protego", "redis", "rich"}
#: Most memory that importing ``StrictCookies`` may add to Flask's own import, in MiB; 4 today.
MOST_MEMORY = 6


def run(code):
    """Run code in a new process; return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return json.loads(done.stdout)


LOADED = "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def test_extension_loads_no_optional_package():
    """An application loads Flask's packages and Talisman."""
    before = set(run(f"import flask, flask.json.provider\n{LOADED}"))
    loaded = set(run(f"from strict_cookies import StrictCookies\n{LOADED}"))
    assert not OPTIONAL & loaded
    assert loaded - before - sys.stdlib_module_names <= {"strict_cookies", "flask_talisman"}


def test_firewall_loads_no_flask():
    """A plain WSGI application loads neither Flask nor what it stands on."""
    loaded = set(run(f"from strict_cookies import CookieFirewall, CookiePolicy\n{LOADED}"))
    assert not {"flask", "flask_talisman", "jinja2", *OPTIONAL} & loaded


@pytest.mark.parametrize("path", ["/", "/untouched"])
def test_second_request_loads_nothing_more(path):
    """What serves an ordinary page is loaded after the first one."""
    later = run(f"""
from flask import Flask, session
from strict_cookies import StrictCookies

app = Flask("shop")
app.config.update(SECRET_KEY="k" * 32, TESTING=True)
StrictCookies(app)
app.add_url_rule("/", "read", lambda: session.setdefault("a", "1"))
app.add_url_rule("/untouched", "untouched", lambda: "page")
client = app.test_client()
client.get({path!r})
before = set(sys.modules)
client.get({path!r})
print(json.dumps(sorted(name for name in set(sys.modules) - before if "strict_cookies" in name)))
""")
    assert later == []


def test_memory_of_the_import_is_bounded():
    """Importing the extension takes little memory beyond Flask's own import."""
    (taken,) = run("""
import flask, flask.json.provider, tracemalloc
tracemalloc.start()
from strict_cookies import StrictCookies
print(json.dumps([tracemalloc.get_traced_memory()[0] / 2**20]))
""")
    assert taken <= MOST_MEMORY
