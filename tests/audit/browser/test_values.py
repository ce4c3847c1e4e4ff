"""Values of cookies and web storage: only on request, in one file, and nowhere else."""

from __future__ import annotations

import json
import os
import stat

import pypdf
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from strict_cookies import StrictCookies
from strict_cookies.audit.browser.observation_builder import Place
from strict_cookies.audit.browser.values import MAX_LENGTH, MAX_VALUES, Values
from strict_cookies.cli.audit import program
from strict_cookies.cli.main import cookies
from tests.serving import serve

SECRET = "secret-value"
MARK = "Sensitive: holds cookie values."
SCRIPT = f"""
document.cookie = "by_script={SECRET}-cookie; path=/";
localStorage.setItem("kept", "{SECRET}-local");
sessionStorage.setItem("brief", "{SECRET}-session");
"""
PLACE = Place("https://x.test/?token=abc", "first visit")


def storing(port):
    """A site that keeps a value by each way of which values are kept, and counts its visits."""
    app = Flask(__name__, static_folder=None)
    visits = []

    @app.get("/")
    def index():
        visits.append(None)
        return (
            "<!doctype html><title>Site</title><link rel='icon' href='data:,'>"
            f"<script>{SCRIPT}</script><iframe credentialless src='http://127.0.0.1:{port()}/in'>"
            "</iframe>",
            {"Set-Cookie": f"visit={SECRET}-{len(visits)}; HttpOnly; Path=/"},
        )

    @app.get("/in")
    def inside():
        return f"<script>localStorage.setItem('fenced', '{SECRET}-fenced')</script>", {
            "Set-Cookie": f"fenced={SECRET}-fenced; SameSite=None; Secure"
        }

    return app


def audit(folder, *arguments):
    """Audit the site with the command; return the result."""
    port = []
    with serve(storing(lambda: port[0])) as server:
        url = server.url("localhost")
        port.append(url.rsplit(":", 1)[1].strip("/"))
        return CliRunner().invoke(
            program, ["audit", url, "--output", str(folder), "--pdf", "--max-pages", "1",
                      "--draft", str(folder.parent / "draft.toml"), *arguments],
        )  # fmt: skip


def read_all(folder):
    """Give everything in a bundle, by name; of a PDF, its text."""
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    pages = pypdf.PdfReader(folder / "report.pdf").pages
    found["report.pdf"] = "\n".join(page.extract_text() for page in pages).encode()
    return found


@pytest.fixture(scope="module")
def with_values(tmp_path_factory):
    """A bundle that was asked to hold values, and what the command printed."""
    folder = tmp_path_factory.mktemp("with") / "evidence"
    previous = os.umask(0o022)
    result = audit(folder, "--with-values")
    os.umask(previous)
    return folder, result


@pytest.mark.browser
def test_no_value_is_anywhere_by_default(tmp_path):
    """Without the option no file, line or printed word has a value, and nothing is marked."""
    folder = tmp_path / "evidence"
    result = audit(folder)
    assert result.exit_code == 1, result.output
    files = read_all(folder)
    assert "by_script" in files["report.json"].decode()
    assert "values.json" not in files
    told = (
        result.output.encode() + (tmp_path / "draft.toml").read_bytes() + b"".join(files.values())
    )
    assert SECRET.encode() not in told
    assert b"holds cookie values" not in told
    checked = CliRunner().invoke(program, ["verify-bundle", str(folder)])
    assert "ensitive" not in checked.output


@pytest.mark.browser
def test_values_are_in_one_file(with_values):
    """Each cookie and item of web storage is there with each of its values; no report has one."""
    folder, result = with_values
    assert result.exit_code == 1, result.output
    files = read_all(folder)
    rows = json.loads(files.pop("values.json"))["values"]
    found = {(row["kind"], row["name"]): row["value"] for row in rows if row["name"] != "visit"}
    assert found == {
        ("cookie", "by_script"): f"{SECRET}-cookie",
        ("local", "kept"): f"{SECRET}-local",
        ("session", "brief"): f"{SECRET}-session",
    }
    visits = [row["value"] for row in rows if row["name"] == "visit"]
    assert visits == [f"{SECRET}-{number}" for number in range(1, len(visits) + 1)]
    assert len(visits) > 1
    told = result.output.encode() + (folder.parent / "draft.toml").read_bytes()
    assert SECRET.encode() not in told + b"".join(files.values())


@pytest.mark.browser
def test_bundle_with_values_is_marked_everywhere(with_values):
    """The terminal and the first lines of the reports have the mark."""
    folder, result = with_values
    files = {name: data.decode("utf-8", "replace") for name, data in read_all(folder).items()}
    assert "values.json will hold cookie values" in result.output
    assert MARK in result.output
    assert '"sensitive": "holds cookie values"' in files["report.json"].splitlines()[3]
    body = files["report.html"].partition("<header>")[2]
    assert body.lstrip().startswith(f'<p class="sensitive"><strong>{MARK}</strong>')
    assert files["report.pdf"].lstrip().startswith(MARK)
    assert not {name for name in ("findings.csv", "findings.sarif") if "ensitive" in files[name]}


@pytest.mark.browser
def test_only_the_owner_reads_a_bundle_with_values(with_values):
    """Only the owner can read the files, for any umask."""
    folder, _ = with_values
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.browser
def test_verify_bundle_says_what_it_holds(with_values):
    """The command verifies the file like any other, and reports that it is sensitive."""
    folder, _ = with_values
    checked = CliRunner().invoke(program, ["verify-bundle", str(folder)])
    assert (checked.exit_code, checked.output.splitlines()[0]) == (0, MARK)
    path = folder / "values.json"
    written = path.read_bytes()
    path.write_bytes(written.replace(b"secret", b"sacred", 1))
    changed = CliRunner().invoke(program, ["verify-bundle", str(folder)])
    path.write_bytes(written)
    assert changed.exit_code == 1
    assert changed.output.splitlines()[:2] == [
        MARK, "changed   values.json: Its content was changed.",
    ]  # fmt: skip


@pytest.mark.browser
def test_own_application_is_audited_with_values(tmp_path):
    """``flask cookies audit`` has the option, too."""
    app = Flask("small")
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=["localhost"])

    @app.get("/")
    def index():
        from flask import session

        session["seen"] = True
        return "<!doctype html><title>Small</title><link rel='icon' href='data:,'>Text"

    StrictCookies(app)
    with serve(app) as server:
        result = CliRunner().invoke(
            cookies,
            ["audit", server.url("localhost"), "--max-pages", "1", "--with-values", "--output",
             str(tmp_path / "evidence")],
            obj=ScriptInfo(create_app=lambda: app),
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "evidence" / "values.json").read_bytes())["values"]
    assert {row["name"] for row in rows} == {"__Host-Http-session"}
    assert rows[0]["value"] not in result.output


@pytest.mark.parametrize("option", ["--with-values", "--pdf"])
def test_option_needs_a_bundle(option):
    """Without a directory for it, the command fails before the audit starts."""
    result = CliRunner().invoke(program, ["audit", "http://x.test", option])
    assert result.exit_code == 2
    assert f"{option} needs --output" in result.output


def test_hostile_page_fills_no_file():
    """Values are cut and counted, addresses lose their queries, and nonsense is left out."""
    values = Values()
    values.record_storage(
        [
            None,
            {"origin": 7, "local": "text"},
            {"origin": "https://x.test", "local": [["name", 1], ["name"], 3, [["name"], "text"]]},
            {"origin": "https://x.test", "local": [["long", "v" * (MAX_LENGTH + 1)]]},
            {"origin": "https://x.test", "local": [["x", f"{n}"] for n in range(MAX_VALUES)]},
        ],
        PLACE,
    )
    written = json.loads(values.write())
    assert (len(written["values"]), written["omitted"]) == (MAX_VALUES, 1)
    assert written["values"][0] == {
        "kind": "local", "name": "long", "origin": "https://x.test", "value": "v" * MAX_LENGTH,
        "is_truncated": True, "first_seen_on": "https://x.test/?token=…", "step": "first visit",
    }  # fmt: skip
    assert "vvv" not in repr(values)
