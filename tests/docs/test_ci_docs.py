"""The workflow of docs/ci.md: its steps are shell, and gate what they say that they gate."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

CI = (Path(__file__).parents[2] / "docs" / "ci.md").read_text("utf-8")
APP = """\
from flask import Flask
from strict_cookies import StrictCookies

app = Flask(__name__)
app.config.update(
    SECRET_KEY="k" * 32,
    TRUSTED_HOSTS=["shop.example"],
    STRICT_COOKIES_CANONICAL_HOST="shop.example",
)
StrictCookies(app)
"""
POLICY = """\
[site]
name = "Shop"
controller = "Shop Ltd, 1 High Street, London"
contact = "privacy@shop.example"
jurisdictions = ["UK"]
"""
CHECK = "Check the configuration"
DIFF = "Compare the declaration"
AUDIT = "Audit with a browser"


def read_steps():
    """Give the shell of each step of the workflow, by its name, or its first word."""
    (workflow,) = (block for block in re.findall(r"```yaml\n(.*?)```", CI, re.DOTALL)
                   if "\njobs:" in block)  # fmt: skip
    found = {}
    for step in re.split(r"^      - ", workflow.partition("steps:\n")[2], flags=re.MULTILINE):
        run = re.search(r"^ *run: (?:\|\n)?(.*?)(?=^        \w|\Z)", step, re.DOTALL | re.MULTILINE)
        if run is not None:
            name = re.search(r"name: (.+)", step)
            found[name[1] if name else run[1].split()[0]] = textwrap.dedent(run[1]).strip()
    return found


STEPS = read_steps()


def git(repository, *words):
    """Run git there; give what it printed."""
    run = ["git", "-c", "user.name=A", "-c", "user.email=a@b.example", *words]
    ran = subprocess.run(run, cwd=repository, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with an application and its policy in one commit."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cookies.toml").write_text(POLICY)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "app.py", "cookies.toml")
    git(tmp_path, "commit", "--quiet", "--message", "Base")
    return tmp_path


def run(repository, step, **variables):
    """Run one step as GitHub does; give its exit code and what it printed."""
    ran = subprocess.run(
        ["bash", "-e", "-c", STEPS[step]], cwd=repository, capture_output=True, text=True,
        check=False, timeout=120,
        env={
            **os.environ, "FLASK_APP": "app.py", **variables,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


def test_every_step_is_shell():
    """A shell can read each, and the three commands are among them."""
    assert list(STEPS) == ["pip", CHECK, DIFF, AUDIT]
    for step, command in ((CHECK, "check --strict"), (DIFF, "diff"), (AUDIT, "audit http")):
        assert f"flask cookies {command}" in STEPS[step]
    for text in STEPS.values():
        subprocess.run(["bash", "-n", "-c", text], check=True)


def test_weak_configuration_fails_the_job(repository):
    """The first step passes what is sound, and nothing else."""
    code, told = run(repository, CHECK)
    assert code == 0, told
    with (repository / "app.py").open("a") as file:
        file.write('app.config["STRICT_COOKIES_MODE"] = "report-only"\n')
    code, told = run(repository, CHECK)
    assert (code, "SC402" in told) == (1, True)


def test_changed_declaration_fails_the_job(repository):
    """The second step compares with the target branch, and leaves the files as they were."""
    base = git(repository, "rev-parse", "HEAD")
    code, told = run(repository, DIFF, BASE=base, GITHUB_SHA=base)
    assert code == 0, told
    changed = POLICY.replace('"Shop"', '"Another shop"')
    (repository / "cookies.toml").write_text(changed)
    git(repository, "commit", "--quiet", "--all", "--message", "Change")
    head = git(repository, "rev-parse", "HEAD")
    code, told = run(repository, DIFF, BASE=base, GITHUB_SHA=head)
    assert (code, "Changed: About this site" in told) == (1, True), told
    assert (repository / "cookies.toml").read_text() == changed
