"""
That the documentation is true: what it shows runs, what it names exists, what exists is named.

A comment before a block says what the block is for:

- ``<!-- file: NAME -->``: from here on the page's folder has this file.
- ``<!-- run -->``: the code runs in that folder, and its application serves a request, without an
  error or a warning.
- ``<!-- pytest -->``: the code is a test file that passes there.
- ``<!-- prints -->``: the commands print there what stands below them.
- ``<!-- log of GET PATH -->``: what the folder's ``app.py`` logs for that request.
- ``<!-- wrong on purpose -->``: a policy that is refused; ``<!-- says -->``: with this message.
- ``<!-- verify: NAME -->``: ``tests/trail/test_verify_docs.py`` runs it.
- ``<!-- not run: WHY -->``: the code is compiled, and no more.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from difflib import SequenceMatcher
from enum import Enum
from pathlib import Path
from typing import NamedTuple, get_args
from urllib.parse import unquote

import click
import pytest
from flask import Flask

import strict_cookies
from strict_cookies import StrictCookies, signals
from strict_cookies._storage.sqlite_file import SCHEMA_VERSION
from strict_cookies._util.durations import say_duration
from strict_cookies.audit import report
from strict_cookies.audit.browser.chromium import VARIABLE
from strict_cookies.audit.browser.journeys import parse_journey
from strict_cookies.cli.audit import program
from strict_cookies.cli.main import cookies
from strict_cookies.declaration import document
from strict_cookies.errors import PolicyError
from strict_cookies.firewall.cross_origin import CrossOrigin
from strict_cookies.firewall.expire import ExpireUndeclared
from strict_cookies.firewall.https_redirect import Https
from strict_cookies.firewall.middleware import Mode
from strict_cookies.flask.config import DEFAULTS
from strict_cookies.headers.options import NOT_OURS, OPTIONS
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.policy.external_origin import KINDS
from strict_cookies.policy.policy import CookiePolicy, Transport
from strict_cookies.policy.purposes import Purpose
from strict_cookies.policy.schema import ENTRY_SECTIONS
from strict_cookies.reasons import Reason
from strict_cookies.report import contents
from strict_cookies.sessions import own_copy, record
from strict_cookies.sessions.limits import PRESETS, AtLimit, Binding
from strict_cookies.trail import signing

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
#: Headers of a response that the README's table of security headers leaves out.
NOT_SECURITY = {"Content-Type", "Content-Length", "Reporting-Endpoints", "Vary", "Cache-Control"}
HOWTOS = sorted(DOCS.glob("howto/*.md"))
PAGES = [*sorted(DOCS.glob("*.md")), *HOWTOS]
#: The pages whose text is held to the style; the others have tests, or a script, of their own.
PROSE = [
    *HOWTOS,
    *(
        DOCS / name
        for name in (
            "quickstart.md",
            "policy.md",
            "configuration.md",
            "application-factory.md",
            "any-wsgi.md",
            "behind-a-proxy.md",
            "guard.md",
            "sessions.md",
            "declaration.md",
            "versions.md",
            "glossary.md",
            "security.md",
            "verify.md",
            "audit-report.md",
            "ci.md",
            "privacy.md",
            "upgrading.md",
            "why.md",
        )
    ),
]
#: Marks of blocks that make use of the files before them.
USERS = ("run", "pytest", "prints", "log")
#: Files that another test runs.
USED_ELSEWHERE = {("privacy.md", "forget.py")}
#: What the documentation calls the reader's folder.
FOLDER = "/home/you/shop"
#: The default key of its trail, wherever a test keeps it, and broken over lines as it may be.
KEY = "'/home/you/.local/state/strict-cookies/0c5fb9e1a3d2/trail.pem'"

_KEY = re.compile(r"'[^']*/strict-cookies/[0-9a-f]{12}/trail\.pem'")
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
#: What a reader does with an example: serve a request with it, so that its configuration counts.
_SERVE = """
from flask import Flask as _Flask
from strict_cookies import CookieFirewall as _CookieFirewall
from werkzeug.test import Client as _Client

for _value in list(globals().values()):
    if isinstance(_value, (_Flask, _CookieFirewall)):
        assert _Client(_value).get("/").status_code in (200, 404)
"""
_LINK = re.compile(r"\]\(([^()\s]+)\)")


class Block(NamedTuple):
    """One code block of a page."""

    page: Path
    line: int
    mark: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def name_of(page):
    """Give a page's name, for the id of a test."""
    return page.name


def blocks_of(page):
    """List the code blocks of a page in their order."""
    text = page.read_text("utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start()) + 1,
            found["mark"] or "",
            found["language"],
            found["text"],
        )
        for found in _BLOCK.finditer(text)
    ]


def all_blocks(language):
    """List the blocks of a language in the README and the docs."""
    return [
        block
        for page in (README, *PAGES)
        for block in blocks_of(page)
        if block.language == language
    ]


def prose_of(page):
    """Give a page without its code blocks, comments and tables."""
    text = _BLOCK.sub("", page.read_text("utf-8"))
    return [line for line in text.splitlines() if not line.startswith(("|", "<!--"))]


def headings_of(page):
    """List a page's headings, without what looks like one inside code."""
    return re.findall(r"^#+ (.+)$", _BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)


def run(*arguments, folder):
    """Run Python in a folder as a reader would, with warnings as errors."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("FLASK_", "PYTEST_", "COV_", "COVERAGE_"))
    }
    path = [os.fspath(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={
            **environment,
            "FLASK_SECRET_KEY": "0f" * 32,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": os.pathsep.join(path),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def read_log(folder, *paths):
    """Give what the folder's ``app.py`` writes to standard error for GET requests."""
    code = "\n".join(
        [
            "from app import app",
            "client = app.test_client()",
            *(f"print(client.get({path!r}).headers.getlist('Set-Cookie'))" for path in paths),
        ]
    )
    done = run("-c", code, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stderr, [ast.literal_eval(line) for line in done.stdout.splitlines()]


def unlike(shown, printed, folder):
    """List the lines that are not printed so, but for breaks that a folder's length moves."""
    for path in (os.path.realpath(folder), os.fspath(folder)):
        printed = printed.replace(path, FOLDER)
    printed = _KEY.sub(KEY, printed)
    page, output = shown.splitlines(), printed.splitlines()
    different = []
    for kind, begin, end, at, to in SequenceMatcher(None, page, output, False).get_opcodes():
        here, there = page[begin:end], output[at:to]
        moved = "/home/you/" in "".join(here) and " ".join(here).split() == " ".join(there).split()
        if kind != "equal" and not moved:
            different += here or there
    return different


# --- The README's first block ---


def readme_app(folder):
    """Save the README's first block as its reader does."""
    block = next(block for block in blocks_of(README) if block.language == "python")
    (folder / "app.py").write_text(block.text, "utf-8")
    return block.text


def test_readme_block_is_short(tmp_path):
    """The first block of the README has at most twelve lines of code."""
    lines = [line for line in readme_app(tmp_path).splitlines() if line.strip()]
    assert 0 < len(lines) <= 12


def test_readme_block_sets_the_cookie_that_it_says(tmp_path):
    """The application of the README runs, and its session is the only cookie that leaves."""
    readme_app(tmp_path)
    log, ((line,),) = read_log(tmp_path, "/")
    assert log == ""
    name, _, tail = line.partition("=")
    assert f"under the name `{name}`" in README.read_text("utf-8")
    assert tail.split("; ")[1:] == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]


def test_readme_block_logs_what_it_says(tmp_path):
    """An undeclared cookie in that application gives the log line that the README shows."""
    text = readme_app(tmp_path)
    view, _, returned = text.rpartition("    return ")
    call = '    response.set_cookie("theme", "dark")'
    assert call.strip() in README.read_text("utf-8")
    (tmp_path / "app.py").write_text(
        f"{view}    response = app.make_response({returned.strip()})\n{call}\n    return response\n"
    )
    log, ((line,),) = read_log(tmp_path, "/")
    assert not line.startswith("theme=")
    shown = next(block.text for block in blocks_of(README) if block.text.startswith("SC101"))
    beginning, _, rest = shown.partition("...\n")
    assert not rest
    assert log.startswith(beginning)


def test_readme_block_publishes_the_cookie(tmp_path):
    """The page that the README's application points to is there, and names the cookie."""
    text = readme_app(tmp_path)
    assert "/cookies/" in text
    code = "from app import app; print(app.test_client().get('/cookies/').text)"
    done = run("-c", code, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "__Host-Http-session" in done.stdout


def test_readme_firewall_block_runs(tmp_path):
    """What the README shows for any other WSGI application serves a request."""
    block = next(block for block in blocks_of(README) if "CookieFirewall(" in block.text)
    given = "def application(environ, start_response):\n"
    given += (
        '    start_response("200 OK", [("Content-Type", "text/plain")])\n    return [b"Hello."]\n'
    )
    (tmp_path / "cookies.toml").write_text("", "utf-8")
    (tmp_path / "example.py").write_text(given + block.text + _SERVE, "utf-8")
    done = run("example.py", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_readme_lists_the_headers_that_are_sent():
    """Each default of the README's table is sent, and no other security header is."""
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", README.read_text("utf-8"), re.M))
    app = Flask("shop")
    app.secret_key = "k" * 32
    StrictCookies(app)
    sent = app.test_client().get("/", base_url="https://shop.example").headers
    assert {name for name, _ in sent if name not in NOT_SECURITY} == (
        rows.keys() - {"Cross-Origin-Embedder-Policy"}
    )
    for name, value in rows.items():
        shown = re.match(r"`(.+?)`", value)
        if shown is not None and name in sent:
            assert sent[name].startswith(shown[1])


def test_readme_has_at_most_ten_links():
    """The README leads on by few links."""
    assert len(re.findall(r"(?<!!)\[[^\]]+\]\(", README.read_text("utf-8"))) <= 10


# --- Blocks ---


def is_journey(block):
    """Tell a journey from a policy."""
    return "[[step]]" in block.text


def is_project(block):
    """Return whether a block has settings of a tool instead of a policy."""
    return block.text.startswith(("[tool.", "[[rule]]"))


@pytest.mark.parametrize("block", list(filter(is_journey, all_blocks("toml"))), ids=str)
def test_journey_is_as_good_as_it_looks(block, monkeypatch):
    """Each journey that is shown loads."""
    monkeypatch.setenv("ERP_PASSWORD", "not a password")
    assert parse_journey(block.text)


@pytest.mark.parametrize(
    "block",
    [block for block in all_blocks("toml") if not (is_journey(block) or is_project(block))],
    ids=str,
)
def test_policy_is_as_good_as_it_looks(block):
    """Each policy that is shown loads, and each that is wrong on purpose is refused."""
    if block.mark != "wrong on purpose":
        assert CookiePolicy.parse(block.text).source == "cookies.toml"
        return
    with pytest.raises(PolicyError) as caught:
        CookiePolicy.parse(block.text)
    following = blocks_of(block.page)
    answer = following[[other.line for other in following].index(block.line) + 1]
    assert answer.mark == "says"
    assert answer.text == f"{caught.value}\n"


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_code_compiles(block):
    """Each block of Python is Python."""
    compile(block.text, str(block), "exec", dont_inherit=True)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.mark for block in blocks_of(page))], ids=name_of
)
def test_page_is_true_from_top_to_bottom(page, tmp_path):
    """Whoever follows a page step by step meets what it says."""
    for block in blocks_of(page):
        kind, _, argument = block.mark.partition(": ")
        if kind == "file":
            (tmp_path / argument).write_text(block.text, "utf-8")
        elif kind == "run":
            # An application of its own, which must not meet the sessions of the page's others.
            shutil.rmtree(tmp_path / "instance", ignore_errors=True)
            (tmp_path / "example.py").write_text(block.text + _SERVE, "utf-8")
            done = run("example.py", folder=tmp_path)
            assert done.returncode == 0, f"{block}\n{done.stderr}"
            # An example that the library complains of is no example.
            assert "error" not in done.stderr.lower(), f"{block}\n{done.stderr}"
            assert "SC30" not in done.stderr, f"{block}\n{done.stderr}"
        elif kind == "pytest":
            (tmp_path / "test_example.py").write_text(block.text, "utf-8")
            done = run(
                *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"),
                "test_example.py",
                folder=tmp_path,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        elif kind == "prints":
            for command, _, shown in re.findall(
                r"^\$ (.+)(\n)((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE
            ):
                done = run("-m", *shlex.split(command), folder=tmp_path)
                printed = f"{done.stdout}{done.stderr}"
                assert unlike(shown, printed, tmp_path) == [], f"{block} $ {command}"
                assert done.returncode == 0
        elif kind.startswith("log of GET "):
            log, _ = read_log(tmp_path, kind.removeprefix("log of GET "))
            assert log == block.text, str(block)


def test_every_block_of_code_is_run():
    """Each block of Python is run as it stands on its page, but for those that say why not."""
    blocks = [block for block in all_blocks("python") if block.page != README]
    kinds = Counter(block.mark.partition(":")[0] for block in blocks)
    assert [str(block) for block in blocks if not block.mark] == []
    assert kinds.keys() <= {"file", "run", "pytest", "verify", "not run"}
    # Whoever adds one counts it here.
    assert kinds["not run"] == 1


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_of_a_page_is_used(page):
    """A file that a page makes is imported, run or served by what follows it there."""
    blocks = blocks_of(page)
    for number, block in enumerate(blocks):
        kind, _, name = block.mark.partition(": ")
        if kind == "file" and name.endswith(".py") and (page.name, name) not in USED_ELSEWHERE:
            following = blocks[number + 1 :]
            assert any(other.mark.partition(" ")[0] in USERS for other in following), str(block)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_marks_are_known(page):
    """A misspelt mark would leave its block untried."""
    known = (
        r"file: [\w.]+|run|pytest|prints|log of GET /\S*|wrong on purpose|says|verify: \w+"
        r"|not run: .+"
    )
    marks = re.findall(r"^<!-- (.+?) -->\n```", page.read_text("utf-8"), re.MULTILINE)
    assert [mark for mark in marks if not re.fullmatch(known, mark)] == []


# --- Keys ---


def documented(page):
    """List the keys that a page documents: those that a heading consists of."""
    text = _BLOCK.sub("", page.read_text("utf-8"))
    return re.findall(r"^##+ `([^`]+)`$", text, re.MULTILINE)


def rows_of(page, heading):
    """List the first cells of the table with a certain first heading, without back-ticks."""
    table = page.read_text("utf-8").split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [line.split("|")[1].strip().strip("`") for line in table.splitlines()[2:]]


def test_every_setting_has_a_heading():
    """configuration.md documents each setting of ours once, and none that does not exist."""
    assert documented(DOCS / "configuration.md") == list(DEFAULTS)


def test_every_setting_tells_its_type_default_and_version():
    """A reader finds under each setting what it takes, what holds without it, and since when."""
    for key in DEFAULTS:
        section = section_of(key)
        for label in ("Type: ", "Default: ", "Since 0.1."):
            assert f"\n{label}" in section, key
        assert "\nChange it " in section, key


def section_of(key):
    """Give what configuration.md says of a setting."""
    text = (DOCS / "configuration.md").read_text("utf-8")
    return text.split(f"\n## `{key}`\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("key", DEFAULTS)
def test_default_of_a_setting_is_told_right(key):
    """Under its heading too, a setting has the default of the code first."""
    told = re.search(r"^Default: `(.+?)`", section_of(key), re.MULTILINE)
    assert ast.literal_eval(told[1]) == DEFAULTS[key]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("STRICT_COOKIES_MODE", get_args(Mode)),
        ("STRICT_COOKIES_EXPIRE_UNDECLARED", get_args(ExpireUndeclared)),
        ("STRICT_COOKIES_TRANSPORT", get_args(Transport)),
        ("STRICT_COOKIES_HTTPS", get_args(Https)),
        ("STRICT_COOKIES_CROSS_ORIGIN", get_args(CrossOrigin)),
        ("STRICT_COOKIES_SESSION_BINDING", get_args(Binding)),
        ("STRICT_COOKIES_SESSION_LIFETIME", tuple(PRESETS)),
        ("STRICT_COOKIES_SESSION_LIMIT_PER_USER", get_args(AtLimit)),
        ("STRICT_COOKIES_TRAIL", (OPT_OUT,)),
    ],
)
def test_words_of_a_setting_are_told_right(key, words):
    """Where a setting takes certain words, its type names each of them and no other."""
    told = re.search(r"^Type: (.+)$", section_of(key), re.MULTILINE)[1]
    assert sorted(re.findall(r'`"([\w-]+)"`', told)) == sorted(words)


def test_settings_with_words_are_all_compared():
    """No setting takes one of several words without the test above knowing it."""
    mark = next(
        mark
        for mark in test_words_of_a_setting_are_told_right.pytestmark
        if mark.name == "parametrize"
    )
    compared = {key for key, _ in mark.args[1]}
    told = {
        key
        for key in DEFAULTS
        if re.search(r'^Type: `"[\w-]+"`(,| or)', section_of(key), re.MULTILINE)
    }
    # Two of its words stand among paths, addresses and clients.
    assert told - compared == {"STRICT_COOKIES_SESSIONS"}


def test_defaults_are_documented():
    """The table of configuration.md has each setting with the default of the code."""
    rows = re.findall(
        r"^\| \[`(STRICT_COOKIES_\w+)`\]\(#\w+\) \| [^|]+ \| `(.+)` \|$",
        (DOCS / "configuration.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert {key: ast.literal_eval(default) for key, default in rows} == dict(DEFAULTS)


def test_sections_are_listed():
    """The table of sections has each, in the order of the page."""
    page = DOCS / "policy.md"
    sections = [f"[[{table}]]" for table in ENTRY_SECTIONS]
    assert [row.partition("`")[2].partition("`")[0] for row in rows_of(page, "section")] == [
        "[site]",
        *sections,
    ]


def test_kinds_of_an_external_origin_are_told_right():
    """The table of kinds has each with its directive."""
    text = (DOCS / "policy.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([\w-]+)` \| [^|]+ \|$", text, re.MULTILINE)
    assert dict(rows) == dict(KINDS)


def test_purposes_are_told_right():
    """The table of purposes has the words, labels, limits and exemptions of the code."""
    rows = [
        f"| `{purpose.value}` | {purpose.label} | {say_duration(purpose.limit)} "
        f"| {purpose.scenario} | {purpose.criterion} |"
        for purpose in Purpose
    ]
    assert "\n".join(rows) in (DOCS / "policy.md").read_text("utf-8")


def test_versions_of_formats_are_told_right():
    """The table of formats in upgrading.md has each with the number of the code."""
    table = (DOCS / "upgrading.md").read_text("utf-8").split("\n## Formats\n")[1]
    rows = re.findall(r"^\| (.+?) \| (\d+|has none) \| .+ \|$", table, re.MULTILINE)
    formats = {signing.HEAD_FORMAT[-2:], signing.CHECKPOINT_FORMAT[-2:]}
    assert len(formats) == 1
    assert [(name, number) for name, number in rows if number != "has none"] == [
        ("file of the sessions and the archive, `sessions.sqlite`", str(SCHEMA_VERSION)),
        ("what a session's row holds", str(record.FORMAT[0])),
        ("signed heads and checkpoints of the trail", signing.HEAD_FORMAT.rpartition("-")[2]),
        ("`declaration.json`", str(document.FORMAT_VERSION)),
        ("`report.json` of the auditor's report", contents.FORMAT.rpartition("-")[2]),
        ("`report.json` of an audit", str(report.FORMAT_VERSION)),
        ("copy of a session", str(own_copy.FORMAT_VERSION)),
    ]


def test_talisman_options_are_told_right():
    """The tables of options have each that is taken and each that is refused, and no other."""
    page = DOCS / "configuration.md"
    assert sorted(rows_of(page, "option")) == sorted(OPTIONS)
    refused = [name for row in rows_of(page, "refused") for name in re.findall(r"\w+", row)]
    assert sorted(refused) == sorted(NOT_OURS)


def test_signals_are_told_right():
    """The table of signals has each with the first and the last reason that it tells of."""
    rows = [
        (signal.name.replace("-", "_"), [reason.id for reason in Reason if reason.group == group])
        for group, signal in signals.BY_GROUP.items()
    ]
    text = (DOCS / "configuration.md").read_text("utf-8")
    table = re.findall(r"^\| `(\w+)` \| .+ \| (SC\d+) to (SC\d+) \|$", text, re.MULTILINE)
    assert table == [(name, ids[0], ids[-1]) for name, ids in rows]


@pytest.mark.parametrize("page", [README, *PAGES], ids=name_of)
def test_reasons_that_are_named_exist(page):
    """No page names an id that the library does not know."""
    known = {reason.id for reason in Reason}
    assert set(re.findall(r"\bSC\d{3}\b", page.read_text("utf-8"))) <= known


@pytest.mark.parametrize("page", [README, *PAGES], ids=name_of)
def test_settings_that_are_named_exist(page):
    """No page sends anybody to a setting, or a variable, of ours that does not exist."""
    named = set(re.findall(r"STRICT_COOKIES_\w+", page.read_text("utf-8")))
    assert named <= {*DEFAULTS, VARIABLE}


# --- Links, words, names ---


def slug(heading):
    """Give the anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def toctree_of(page):
    """List the pages that a page's tables of contents name."""
    text = page.read_text("utf-8")
    for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in tree.splitlines():
            if line and not line.startswith(":"):
                found = sorted(page.parent.glob(f"{line}.md"))
                assert found, f"{page.name} names {line}, which is no page"
                yield from found


def test_every_page_is_reached_from_the_index():
    """Whoever begins at the index finds each page, once, and no page is left out of the site."""
    reached, waiting = [], [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        assert page not in reached, f"{page.name} stands in two places"
        reached.append(page)
        waiting.extend(toctree_of(page))
    assert sorted(reached) == sorted(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_page_has_one_title(page):
    """A second title would stand in the site's contents as if it were a page of its own."""
    titles = re.findall(r"^# .+$", _BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    assert len(titles) == (0 if page.name == "changelog.md" else 1)


def test_ways_of_mounting_have_pages():
    """Flask, a factory, any WSGI server and a proxy have a page each, with code that runs."""
    for name in ("quickstart", "application-factory", "any-wsgi", "behind-a-proxy"):
        kinds = {block.mark.partition(":")[0] for block in blocks_of(DOCS / f"{name}.md")}
        assert kinds & {"run", "pytest"}, name


def test_api_explains_every_public_name():
    """api.md has each name of ``strict_cookies`` once, and whatever else a page imports."""
    named = re.findall(
        r"^\.\. (?:auto\w+|py:data):: ([\w.]+)", (DOCS / "api.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(named) == len(set(named))
    assert {f"strict_cookies.{name}" for name in strict_cookies.__all__} <= set(named)
    imported = {
        f"{node.module}.{alias.name}"
        for block in all_blocks("python")
        for node in ast.walk(ast.parse(block.text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("strict_cookies")
        for alias in node.names
    }
    assert len(imported) > 20
    assert imported <= set(named)


@pytest.mark.parametrize("page", [README, *PAGES], ids=name_of)
def test_links_lead_somewhere(page):
    """Each relative link points to a file that is there, and to a heading that is in it."""
    broken = []
    for target in _LINK.findall(_BLOCK.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = page.parent / path if path else page
        if not file.is_file() or (anchor and anchor not in map(slug, headings_of(file))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_one_sentence_per_line(page):
    """A change of one sentence is a change of one line."""
    assert [line for line in prose_of(page) if re.search(r"[a-z`)\]]\. [A-Z]", line)] == []


def test_glossary_is_alphabetical():
    """The glossary has each word once, in the order of the alphabet."""
    words = re.findall(r"^\*\*(.+?)\*\*: ", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(words) > 20
    assert words == sorted(set(words), key=str.lower)


@pytest.mark.parametrize("name", strict_cookies.__all__)
def test_public_name_is_explained(name):
    """Each public name has a docstring of its own, not one that it inherits."""
    value = getattr(strict_cookies, name)
    doc = value.__doc__ if inspect.isfunction(value) else vars(value).get("__doc__")
    assert inspect.cleandoc(doc or "")


def test_every_command_is_told():
    """Each command of ``flask cookies`` and ``strict-cookies`` stands in some page."""
    text = "".join(page.read_text("utf-8") for page in (README, *PAGES))

    def paths(group, before):
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from paths(command, f"{before} {name}")
            else:
                yield f"{before} {name}"

    commands = [*paths(cookies, "flask cookies"), *paths(program, "strict-cookies")]
    assert len(commands) > 15
    assert [command for command in commands if command not in text] == []


@pytest.mark.parametrize("name", strict_cookies.__all__)
def test_public_name_has_a_docstring(name):
    """Each public name says what it is; what takes arguments says what they are."""
    found = getattr(strict_cookies, name)
    if not (inspect.isclass(found) or inspect.isfunction(found)):
        return
    doc = inspect.getdoc(found) or ""
    assert doc
    if inspect.isclass(found) and issubclass(found, (Exception, Enum)):
        return
    subject = found.__init__ if inspect.isclass(found) else found
    takes = set(inspect.signature(subject).parameters) - {"self", "args", "kwargs", "view"}
    assert not takes or re.search(r"^(Args|Attributes):", doc, re.MULTILINE), takes
