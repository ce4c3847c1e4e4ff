"""``flask cookies trail export``, as it is typed and as a service runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

APP = """
from flask import Flask
from strict_cookies import StrictCookies

app = Flask("shop", instance_path={path!r})
app.config.update(SECRET_KEY="k" * 40, STRICT_COOKIES_SESSIONS="trail.sqlite",
                  STRICT_COOKIES_TRAIL_KEY="off")
StrictCookies(app)
"""
RECORD = """
import sys
from app import app
for number in range(int(sys.argv[1])):
    app.extensions["strict_cookies"].trail.record("order-approved", order=number)
"""


@pytest.fixture
def directory(tmp_path):
    """An application that other processes can start."""
    (tmp_path / "app.py").write_text(APP.format(path=str(tmp_path)))
    return tmp_path


def environment():
    """Find this project."""
    source = str(Path(__file__).parents[2] / "src")
    return {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}


def record(directory, count):
    """Record events in another process."""
    command = [sys.executable, "-c", RECORD, str(count)]
    subprocess.run(command, cwd=directory, env=environment(), check=True)


def command(*options):
    """The command as it is typed."""
    return [sys.executable, "-m", "flask", "--app", "app", "cookies", "trail", "export", *options]


def export(directory, *options):
    """Export once; return what was printed."""
    return subprocess.run(
        command(*options), cwd=directory, env=environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_export_is_followed_until_interrupted(directory):
    """New entries of other processes are printed; SIGINT ends it well; --after continues it."""
    record(directory, 3)
    process = subprocess.Popen(
        command("--follow"), cwd=directory, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        numbers = [json.loads(process.stdout.readline())["number"] for _ in range(3)]
        record(directory, 2)
        record(directory, 2)
        numbers += [json.loads(process.stdout.readline())["number"] for _ in range(4)]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, rest, errors) == (0, "", "")
    assert numbers == list(range(1, 8))
    record(directory, 1)
    done = export(directory, "--after", "7")
    assert [json.loads(line)["number"] for line in done.stdout.splitlines()] == [8, 8]


def test_events_of_ocsf_are_one_a_line(directory):
    """With the name of the application."""
    record(directory, 2)
    done = export(directory, "--format", "ocsf")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["metadata"]["sequence"] for event in events] == [1, 2]
    assert {event["metadata"]["log_provider"] for event in events} == {"shop"}


def test_removed_end_is_an_error(directory):
    """Exit code 1, and nothing is printed twice."""
    record(directory, 2)
    done = export(directory, "--follow", "--after", "9")
    assert done.returncode == 1
    assert "ends with entry 2, but entry 9 was exported before" in " ".join(done.stderr.split())
    assert done.stdout == ""
