"""The example ERP as a whole: each of its addresses, and clients that sign in to it."""

from __future__ import annotations

from pathlib import Path

from example_app import create_app
from example_app.demo import ACCOUNTS

HOST = "erp.test"
#: User names, one of each role; the empty one is a visitor who has not signed in.
VISITORS = ("", *(username for username, *_ in ACCOUNTS))
PASSWORDS = {username: password for username, _, _, password in ACCOUNTS}
#: Something that exists for each argument of a route.
ARGUMENTS = {"customer_id": 1, "order_id": 1001, "message_id": 1, "token": "forged", "number": 1}


def build(tmp_path, **config):
    """Build the ERP as it is deployed, on a database of its own."""
    return create_app(
        {
            "DATABASE": tmp_path / "erp.sqlite",
            "SECRET_KEY": "k" * 32,
            "TRUSTED_HOSTS": ["localhost", HOST],
            **config,
        }
    )


def addresses(app):
    """
    Give the path of one thing behind each route that answers GET, and of each static file.

    A route with an argument that is not in :data:`ARGUMENTS` is a KeyError: no page is left out.
    """
    found = set()
    path_of = app.url_map.bind(HOST).build
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        if rule.endpoint.endswith("static"):
            owner = app.blueprints.get(rule.endpoint.rpartition(".")[0], app)
            for file in Path(owner.static_folder).rglob("*"):
                name = file.relative_to(owner.static_folder).as_posix()
                found.add(path_of(rule.endpoint, {"filename": name}))
        else:
            values = {argument: ARGUMENTS[argument] for argument in rule.arguments}
            found.add(path_of(rule.endpoint, values))
    return sorted(found)


def pages(app, username=""):
    """Give the paths of the pages that somebody may open."""
    browser = client(app, username)
    found = []
    for path in addresses(app):
        with browser.get(path, base_url=f"https://{HOST}") as answer:
            if (answer.status_code, answer.mimetype) == (200, "text/html"):
                found.append(path)
    return found


def client(app, username=""):
    """Return a test client that has signed in; a visitor's where there is no user name."""
    browser = app.test_client()
    if username:
        answer = browser.post(
            "/login",
            base_url=f"https://{HOST}",
            data={"username": username, "password": PASSWORDS[username]},
            headers={"Origin": f"https://{HOST}"},
        )
        assert answer.status_code == 302, answer.status
    return browser
