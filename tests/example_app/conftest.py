"""The ERP on a fresh copy of the demo database, and visitors who fill in its forms."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_app import create_app, database
from example_app.demo import ACCOUNTS

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """One browser with its cookies."""

    client: FlaskClient

    def get(self, path: str, **options) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, **options)

    def post(self, path: str, **fields: object) -> TestResponse:
        """Submit a form as a browser does, with the session's token where there is one."""
        token = _TOKEN.search(self.get("/privacy").text) or _TOKEN.search(self.get(path).text)
        tokens = {"csrf_token": token[1]} if token else {}
        return self.client.post(
            path, data={**tokens, **fields}, headers={"Sec-Fetch-Site": "same-origin"}
        )


@pytest.fixture(scope="session")
def filled_database(tmp_path_factory):
    """Return a database with the demo data, which costs three password hashes to make."""
    path = tmp_path_factory.mktemp("demo") / "erp.sqlite"
    database.prepare(path)
    return path


@pytest.fixture
def app(filled_database, tmp_path) -> Flask:
    """Return the ERP."""
    path = shutil.copy(filled_database, tmp_path / "erp.sqlite")
    return create_app({"TESTING": True, "DATABASE": path, "SECRET_KEY": "test"})


@pytest.fixture
def visitor(app) -> Visitor:
    """Return a browser that is not signed in."""
    return Visitor(client=app.test_client())


@pytest.fixture
def sign_in(app):
    """Return a function that signs a demo account in with a browser of its own."""
    passwords = {username: password for username, _name, _role, password in ACCOUNTS}

    def signed_in(username: str) -> Visitor:
        visitor = Visitor(client=app.test_client())
        answer = visitor.post("/login", username=username, password=passwords[username])
        assert answer.status_code == 302
        return visitor

    return signed_in
