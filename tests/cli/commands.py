"""Run commands on a small application."""

from __future__ import annotations

from flask.cli import ScriptInfo

from strict_cookies.cli.main import cookies
from strict_cookies.cli.terminal import WIDTH

KEY = "correct-horse-battery-staple-and-more"
SOUND = {"SECRET_KEY": KEY, "TRUSTED_HOSTS": ["erp.example"]}
POLICY = """
[site]
name = "ERP"
controller = "Vendor Ltd"
contact = "privacy@erp.example"

[[cookie]]
name = "basket-*"
title = {de = "Warenkorb", en = "Basket"}
purposes = ["user_input", "preferences"]
description = "Keeps what you chose."
without_it = "You would choose again."
lifetime = "4 hours"
script_readable = true
samesite = "None"
partitioned = true
domain = "erp.example"
path = "/shop"
"""
BROKEN = '[site]\nnam = "x"\n[[cookie]]\nname = "_ga"\n'


def run(app, *args):
    return app.test_cli_runner().invoke(cookies, list(args))


def write(tmp_path, path, text):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def assert_readable(text):
    """Lines are plain and at most as wide as promised, but for what can't be broken."""
    assert text.isascii()
    assert "\x1b" not in text
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= WIDTH or len(line.split()[-1]) > WIDTH // 2, line


def load_broken(make_app):
    """Return a loader of an application whose policy is wrong."""
    return ScriptInfo(create_app=lambda: make_app(toml=BROKEN))
