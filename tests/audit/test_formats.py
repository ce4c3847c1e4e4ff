"""The report as data and in each format: complete, and safe with hostile text."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from strict_cookies.audit.analysis.finding import FindingKind
from strict_cookies.audit.formats.charts import draw_lifetimes, draw_timeline
from strict_cookies.audit.formats.csv_file import COLUMNS, write_csv
from strict_cookies.audit.formats.html import write_html
from strict_cookies.audit.formats.json_file import write_json
from strict_cookies.audit.formats.sarif import write_sarif
from strict_cookies.audit.formats.terminal import print_report
from strict_cookies.audit.observation import ObservedPage, ObservedStep
from strict_cookies.audit.redaction import MAX_SHOWN, redact_frame, redact_url, shorten
from strict_cookies.audit.report import CLEAN, build_report, exit_code, read_schema
from tests.audit.observations import (
    HEADERS,
    MISBEHAVING,
    POLICY,
    SITE,
    make_cookie,
    make_page,
    observe,
)

SARIF_SCHEMA = (
    Path(__file__).parents[1]
    / "judges/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
)
#: Hostile text, with an attack on each of the formats.
HOSTILE = (
    "=1+1</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    "[red]bold[/red]\x1b[31m\u202e{{ 7*7 }}\r\nid,error\x00\ud800"
)
#: Fields in which only words of ours can stand.
_OURS = {"outcome", "direction", "kind"}


def add_hostile_text(value):
    """Add hostile text to every text that a site can influence."""
    if isinstance(value, str):
        return f"{HOSTILE}{value}"
    if isinstance(value, tuple):
        return tuple(map(add_hostile_text, value))
    if is_dataclass(value):
        return replace(
            value,
            **{
                one.name: add_hostile_text(getattr(value, one.name))
                for one in fields(value)
                if one.name not in _OURS
            },
        )
    return value


HOSTILE_OBSERVATION = add_hostile_text(MISBEHAVING)
REPORTS = {
    "clean": build_report(observe(), POLICY, min_coverage=1.0),
    "misbehaving": build_report(MISBEHAVING, POLICY, min_coverage=0.9),
    "undeclared": build_report(observe(), None),
    "hostile": build_report(HOSTILE_OBSERVATION, POLICY),
    "empty": build_report(observe(pages=(), cookies=(), storage=(), hosts=()), None),
}


@pytest.fixture(params=REPORTS)
def report(request):
    """Each kind of report."""
    return REPORTS[request.param]


def printed(report, width=90):
    """Give what a terminal without colours shows."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_report(report, console)
    return console.file.getvalue()


# The report


@pytest.mark.parametrize(
    ("changes", "policy", "result", "code"),
    [
        pytest.param({}, POLICY, "clean", 0, id="clean"),
        pytest.param({"cookies": ()}, POLICY, "clean", 0, id="notes do not count"),
        pytest.param({"cookies": (make_cookie("x"),)}, POLICY, "findings", 1, id="findings"),
        pytest.param({"known_routes": ("/", "/a", "/b")}, POLICY, "incomplete", 1, id="coverage"),
        pytest.param(
            {"steps": (ObservedStep(name="login", problem="No."),)}, POLICY, "incomplete", 1,
            id="step failed",
        ),
        pytest.param(
            {"known_routes": ("/", "/a", "/b"), "cookies": (make_cookie("x"),)}, POLICY,
            "findings", 1, id="findings and too little seen",
        ),
        pytest.param({"pages": ()}, POLICY, "failed", 2, id="nothing seen"),
        pytest.param({"pages": (make_page(status=503),)}, POLICY, "failed", 2, id="site is down"),
    ],
)  # fmt: skip
def test_result_is_never_better_than_what_was_seen(changes, policy, result, code):
    """Clean needs enough visited pages; a gap alone is incomplete, no visited page is failed."""
    report = build_report(observe(**changes), policy, min_coverage=0.5)
    assert (report["result"], exit_code(report)) == (result, code)
    assert (report["statement"] == CLEAN) == (result == "clean")


def test_clean_statement_is_exact():
    """A clean report says this and no more; it is not a legal verdict."""
    assert REPORTS["clean"]["statement"] == (
        "no item was found that needs consent, under the purposes that the site states"
    )


def test_clean_without_declaration_says_so():
    """Where a site states nothing, the statement does not pretend that it does."""
    nothing = observe(cookies=(), storage=(), steps=())
    statement = build_report(nothing, None)["statement"]
    assert statement == f"{CLEAN}; there was no declaration to compare with"


def test_every_report_fits_the_schema(report):
    """The schema that is shipped is itself valid, and closed to anything but what is written."""
    schema = json.loads(read_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(write_json(report))
    jsonschema.Draft202012Validator(schema).validate(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**data, "value": "s3cret"})


def test_pages_are_held_against_known_routes():
    """The report names each known page that was not visited, and which of them led elsewhere."""
    coverage = REPORTS["misbehaving"]["coverage"]
    assert coverage == {
        "known": 4,
        "visited": 2,
        "required": 0.9,
        "unvisited": ["/account", "/orders/<int:number>"],
        "redirected": ["/account"],
    }


def test_declaration_hash_is_the_one_that_was_given():
    """The report says which declaration was compared with; else the one that was read says it."""
    observation = observe(
        declaration_url=f"{SITE}/cookies/declaration.json", declaration={"hash": "sha256:ab"}
    )
    url = f"{SITE}/cookies/declaration.json"
    assert build_report(observation, POLICY)["declaration"] == {"url": url, "hash": "sha256:ab"}
    given = build_report(observation, POLICY, declaration_hash="sha256:cd")
    assert given["declaration"] == {"url": url, "hash": "sha256:cd"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"{SITE}/a?b=c&d=e#f", f"{SITE}/a?b=…&d=…"),
        (f"{SITE}/a?secret", f"{SITE}/a?…"),
        ("https://user:pass@shop.example/", "https://shop.example/"),
        ("data:text/html,secret", "data:…"),
        ("blob:https://shop.example/uuid", "blob:…"),
        ("https://[broken/?secret", "https://[broken/"),
        ("", ""),
    ],
)
def test_addresses_are_shown_without_values(url, shown):
    """What an address may carry of a person or a login is left out."""
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        ("f (https://x.test/a.js?v=1&t=s3cret:3:14)", "f (https://x.test/a.js?…:3:14)"),
        ("https://x.test/a.js:3:14", "https://x.test/a.js:3:14"),
        ("f (https://x.test/?s3cret)", "f (https://x.test/?…"),
    ],
)
def test_frames_are_shown_without_queries(frame, shown):
    """A script's address keeps its line and column, and loses its query."""
    assert redact_frame(frame) == shown


def test_long_text_is_cut():
    """Long names are truncated."""
    assert len(shorten("x" * 10_000)) == MAX_SHOWN


# Formats


def test_csv_has_a_row_for_each_finding(report):
    """Each finding is one row of the documented columns."""
    rows = list(csv.DictReader(io.StringIO(write_csv(report))))
    assert [row["id"] for row in rows] == [one["id"] for one in report["findings"]]
    assert all(tuple(row) == COLUMNS for row in rows)


def test_no_cell_is_a_formula():
    """Each cell is text, whatever a site wrote."""
    cells = [cell for row in csv.reader(io.StringIO(write_csv(REPORTS["hostile"]))) for cell in row]
    assert any(HOSTILE[:4] in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert not any("\n" in cell or "\x1b" in cell for cell in cells)


def test_sarif_fits_the_official_schema(report):
    """The SARIF is valid by the schema of the standard."""
    schema = json.loads(SARIF_SCHEMA.read_text("utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    log = json.loads(write_sarif(report))
    assert [error.message for error in validator.iter_errors(log)] == []
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [kind.id for kind in FindingKind]
    for result, finding in zip(run["results"], report["findings"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding["id"]
        assert result["level"] == finding["severity"]


def test_sarif_fingerprints_tell_findings_apart():
    """An alert stays the same alert from run to run, and no two are one."""
    runs = [json.loads(write_sarif(REPORTS["misbehaving"]))["runs"][0] for _ in range(2)]
    prints = [
        [(one["ruleId"], one["partialFingerprints"]["findingAndSubject/v1"]) for one in results]
        for results in (run["results"] for run in runs)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == len(prints[0])


def test_terminal_says_what_was_found():
    """Whoever reads only the end of the output knows the result, and what was left out."""
    text = printed(REPORTS["misbehaving"])
    assert text.splitlines()[-1].startswith("Findings: the site differs from its declaration: ")
    assert "  /account (redirected)\n" in text
    for finding in REPORTS["misbehaving"]["findings"]:
        assert f"{finding['id']} {finding['title']}" in text
    assert printed(REPORTS["clean"]).splitlines()[-1] == f"Clean: {CLEAN}."


def test_terminal_is_not_steered():
    """Escape sequences and mark-up of a site are text."""
    text = printed(REPORTS["hostile"], width=2000)
    assert "[red]bold[/red]" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


class _Page(HTMLParser):
    """Reads what a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.attributes = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note the element."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


def test_html_runs_and_loads_nothing(report):
    """The page has no script, no handler, no address of its own, and a policy that forbids them."""
    page = _Page(write_html(report, {"page-001.png": b"\x89PNG"}))
    assert not {"script", "iframe", "object", "link", "base", "form"} & set(page.tags)
    assert [one for one in page.attributes if one[1].startswith("on") or one[1] == "style"] == []
    loaded = [value for _, name, value in page.attributes if name in ("src", "href")]
    assert all(value.startswith("data:image/png;base64,") for value in loaded)
    (csp,) = [value for _, name, value in page.attributes if (value or "").startswith("default-")]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; "
        r"form-action 'none'",
        csp,
    )


def test_html_keeps_hostile_text_as_text():
    """What a site wrote makes no element, and no template of ours reads it."""
    text = write_html(REPORTS["hostile"])
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert "img" not in _Page(text).tags
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_html_names_every_finding_and_unvisited_page():
    """A reader of the page misses nothing of the data."""
    report = REPORTS["misbehaving"]
    text = write_html(report)
    for finding in report["findings"]:
        assert f"{finding['id']} {finding['title']}" in text
    for route in ("/account", "/orders/&lt;int:number&gt;"):
        assert f"<code><bdi>{route}</bdi></code>" in text


def test_plots_stay_in_their_frame():
    """No bar or dot is outside the chart, for any value."""
    many = observe(
        pages=tuple(make_page(f"/{number}", seconds=number / 7) for number in range(300)),
        cookies=tuple(
            make_cookie(f"c{number}", declared_seconds=10**number, seen_on=f"{SITE}/299")
            for number in range(30)
        ),
    )
    report = build_report(many, POLICY)
    timeline, lifetimes = draw_timeline(report), draw_lifetimes(report)
    for lane in timeline["lanes"]:
        assert all(0 <= one["x"] <= 800 for one in (*lane["pages"], *lane["dots"]))
        assert all(one["x"] + one["width"] <= 801 for one in lane["pages"])
    assert all(0 < bar["width"] <= 620 for bar in lifetimes["bars"])
    assert (len(lifetimes["bars"]), lifetimes["more"]) == (25, 5)
    assert draw_timeline(REPORTS["empty"]) is None


def test_no_value_has_a_place_to_stand():
    """Nothing in what is observed, and so in no report, could hold a cookie's value."""
    assert [one.name for one in fields(type(make_cookie())) if "value" in one.name] == []
    secret = "s3cr3t"
    page = ObservedPage(
        url=f"{SITE}/?t={secret}", final_url=f"{SITE}/?t={secret}#{secret}", step="first visit",
        outcome="visited", status=200, seconds=1.0, headers={**HEADERS, "x-token": secret},
    )  # fmt: skip
    report = build_report(observe(pages=(page,)), POLICY)
    texts = (write_json(report), write_csv(report), write_sarif(report), write_html(report))
    assert not any(secret in text for text in (*texts, printed(report)))
