"""The commands ``flask cookies trail ...``, as they are typed."""

from __future__ import annotations

import json
import re
import stat

import pytest
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.cli.main import cookies
from strict_cookies.trail.chain import canonical
from strict_cookies.trail.signing import is_signed, load_signer, make_key
from tests.trail.trails import forge, row

UPDATE = "UPDATE archive_logs SET data = ? WHERE log = 'trail' AND number = ?"


@pytest.fixture
def make_app(tmp_path):
    """Build an application whose trail is in a file, as another process finds it."""

    def make_app(**config):
        app = Flask("shop", instance_path=str(tmp_path))
        app.config.update(
            SECRET_KEY="k" * 40,
            STRICT_COOKIES_SESSIONS="trail.sqlite",
            STRICT_COOKIES_TRAIL_KEY="off",
        )
        app.config.update(config)
        StrictCookies(app)
        return app

    return make_app


@pytest.fixture
def app(make_app):
    """One that has recorded something."""
    app = make_app()
    trail = app.extensions["strict_cookies"].trail
    for number in range(4):
        trail.record("order-approved", order=number, user="alice")
    trail.record("signed-out", user="bob")
    return app


def run(app, *args):
    """Run a command; return its exit code and output."""
    result = app.test_cli_runner().invoke(cookies, ["trail", *args])
    return result.exit_code, result.output


def head_of(app):
    """Where the trail ends."""
    return app.extensions["strict_cookies"].trail.last()


def test_entries_are_shown(app):
    """Newest last, in columns, at most the given number; details are truncated."""
    trail = app.extensions["strict_cookies"].trail
    trail.record("noted", text="x" * 100)
    code, output = run(app, "show", "--last", "2")
    timestamps = [f"{entry.timestamp:%Y-%m-%d %H:%M:%S}" for entry in trail.entries()][-2:]
    assert (code, output.splitlines()) == (
        0,
        [
            f"     5  {timestamps[0]}  signed-out        user={trail.pseudonyms.find('bob')}",
            f"     6  {timestamps[1]}  noted             text={'x' * 32}...",
        ],
    )
    assert len(run(app, "show", "--event", "order-approved")[1].splitlines()) == 4
    assert run(app, "show", "--event", "never") == (0, "No entries.\n")


def test_counters_are_shown(app):
    """By day, reason and name."""
    trail = app.extensions["strict_cookies"].trail
    assert run(app, "show", "--counts") == (0, "No counts.\n")
    counted = {}
    trail.counts.follow(lambda: counted)
    counted["SC101", "sid"] = 12
    trail.flush()
    assert run(app, "show", "--counts") == (0, f"{trail.today()}  SC101        12  sid\n")


def test_intact_trail_is_verified(app):
    """What was read, what can't be verified, and the head to note; exit code 0."""
    code, output = run(app, "verify")
    assert (code, re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", output)) == (
        0,
        "The trail is intact: 5 entries up to number 5, all read at TIME UTC.\n"
        "Without --since, removed entries at its end can't be detected.\n"
        "Heads are not signed, so write access to the store is enough to forge them.\n"
        f"Note its head elsewhere: {head_of(app)}\n",
    )


def test_trail_is_compared_with_a_head(app, tmp_path):
    """Noted as text or as a file."""
    noted = head_of(app)
    app.extensions["strict_cookies"].trail.record("signed-in", user="bob")
    path = tmp_path / "head.json"
    path.write_text(json.dumps(noted._asdict()))
    for since in (str(noted), str(path)):
        code, output = run(app, "verify", "--since", since)
        assert code == 0
        assert "It still contains the noted head, number 5." in output


def test_what_is_wrong_is_named_with_exit_code_1(app, tmp_path):
    """A changed byte, and removed entries at the end."""
    path, noted = tmp_path / "trail.sqlite", head_of(app)
    forge(path, UPDATE, row(path, 2).replace(b'"order":1', b'"order":7'), 2)
    assert run(app, "verify") == (
        1,
        "wrong   Entry 2: its hash does not match its content: it was changed.\n"
        "The trail is not intact. 5 entries read, up to number 5.\n",
    )
    forge(path, UPDATE, row(path, 2).replace(b'"order":7', b'"order":1'), 2)
    forge(path, "DELETE FROM archive_logs WHERE log = 'trail' AND number = 5")
    code, output = run(app, "verify", "--since", str(noted))
    assert code == 1
    assert "the trail ends with entry 4: its end was removed." in output


def test_what_cannot_be_verified_has_exit_code_2(app, make_app, tmp_path):
    """A head that is none, a file that can't be read, a store that is gone, no trail at all."""
    code, output = run(app, "verify", "--since", "yesterday")
    assert (code, "neither 'number:hash' nor a head" in " ".join(output.split())) == (2, True)
    code, output = run(app, "verify", "--key", str(tmp_path / "missing.pem"))
    assert (code, "missing.pem can't be read" in " ".join(output.split())) == (2, True)
    code, output = run(make_app(STRICT_COOKIES_TRAIL="off"), "verify")
    assert (code, "This site keeps no audit trail" in " ".join(output.split())) == (2, True)
    (tmp_path / "trail.sqlite").write_bytes(b"rubbish" * 1000)
    code, output = run(make_app(), "verify")
    assert (code, "Error: Archive '" in " ".join(output.split())) == (2, True)
    assert run(Flask("bare"), "verify")[0] == 2


def test_key_is_made_and_handed_over(make_app, tmp_path):
    """Each change of the key is an entry; the file is for its owner, and heads are signed."""
    path = tmp_path / "private.pem"
    config = {"STRICT_COOKIES_TRAIL_KEY": path}
    code, output = run(make_app(), "key")
    assert (code, "STRICT_COOKIES_TRAIL_KEY is 'off'" in " ".join(output.split())) == (1, True)
    code, output = run(make_app(**config), "key")
    first = load_signer(path)
    assert code == 0
    assert output.endswith(first.public_pem)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    code, output = run(make_app(**config), "key")
    assert (code, "exists and was not changed" in " ".join(output.split())) == (1, True)
    code, output = run(make_app(**config), "key", "--rotate")
    second = load_signer(path)
    assert (code, output.endswith(second.public_pem)) == (0, True)
    assert first.public_hex != second.public_hex
    trail = make_app(**config).extensions["strict_cookies"].trail
    assert [(entry.event, entry.details["new_key"]) for entry in trail.entries()] == [
        ("key-made", first.public_hex),
        ("key-rotated", second.public_hex),
    ]
    assert is_signed(trail.head(), second.public_pem)
    assert run(make_app(**config), "verify")[0] == 0
    assert sorted(one.name for one in tmp_path.glob("*.pem*")) == [
        "private.pem",
        "private.pem.head",
    ]


def test_key_that_was_created_by_other_means_is_recorded(make_app, tmp_path):
    """Without an entry it is complained of; the command records it once, and never another."""
    config = {"STRICT_COOKIES_TRAIL_KEY": tmp_path / "private.pem"}
    first = make_key(tmp_path / "private.pem")
    code, output = run(make_app(**config), "verify")
    assert (code, "no entry records it" in output) == (1, True)
    code, output = run(make_app(**config), "key")
    assert (code, "The trail now records it as this site's key" in output) == (0, True)
    assert run(make_app(**config), "verify")[0] == 0
    (tmp_path / "private.pem").unlink()
    second = make_key(tmp_path / "private.pem")
    code, output = run(make_app(**config), "verify")
    assert code == 1
    for key in (first, second):
        assert key.public_hex[:16] in output
    assert "the key was replaced without" in output
    assert run(make_app(**config), "key")[0] == 1
    assert run(make_app(**config), "verify")[0] == 1


def test_head_of_another_key_is_not_believed(make_app, tmp_path):
    """With --key, a head signed by another key is rejected."""
    make_key(tmp_path / "private.pem")
    app = make_app(STRICT_COOKIES_TRAIL_KEY="private.pem")
    assert run(app, "key")[0] == 0
    trail = app.extensions["strict_cookies"].trail
    trail.record("signed-in")
    (tmp_path / "head.json").write_bytes(canonical(trail.make_head()))
    (tmp_path / "own.pem").write_text(trail.signer().public_pem)
    (tmp_path / "other.pem").write_text(make_key(tmp_path / "other").public_pem)
    since = ("--since", str(tmp_path / "head.json"))
    assert run(app, "verify", *since, "--key", str(tmp_path / "own.pem"))[0] == 0
    code, output = run(app, "verify", *since, "--key", str(tmp_path / "other.pem"))
    assert (code, "is not signed by the key" in " ".join(output.split())) == (2, True)


def test_export_is_lines_of_json(app, tmp_path):
    """Entries as they are stored, then the head; to the terminal or into a file."""
    code, output = run(app, "export")
    lines = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5, 5]
    assert lines[-1]["format"] == "strict-cookies-trail-head-1"
    assert lines[-1]["hash"] == lines[-2]["hash"]
    assert run(app, "export", "--output", str(tmp_path / "out.jsonl")) == (0, "")
    written = (tmp_path / "out.jsonl").read_text().splitlines()
    assert written[:-1] == output.splitlines()[:-1]
    code, output = run(app, "export", "--output", str(tmp_path / "missing" / "out"))
    assert (code, "can't be written: No such file or directory" in " ".join(output.split())) == (
        1,
        True,
    )


def test_pruning_says_how_much_went(app):
    """Nothing is old enough; then all but the entry that says so."""
    assert run(app, "prune") == (0, "No entries older than 365 days removed.\n")
    app.extensions["strict_cookies"].trail._clock = lambda: 4_000_000_000
    assert run(app, "prune") == (0, "5 entries older than 365 days removed.\n")
    code, output = run(app, "verify")
    assert code == 0
    assert "Entries up to number 5 were removed, with a checkpoint." in output


def test_user_is_erased(app):
    """After a confirmation; an unknown user is reported."""
    assert run(app, "erase-user", "alice")[0] == 1
    assert run(app, "erase-user", "alice", "--yes") == (
        0,
        "Erased. The entries remain, but can no longer be linked to the user.\n",
    )
    assert run(app, "erase-user", "alice", "--yes") == (
        0,
        "The trail has no user 'alice'.\n",
    )
