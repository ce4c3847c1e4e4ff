"""What is found, and what is not, for each kind of finding."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies import CookiePolicy, DeclaredCookie
from strict_cookies.audit.analysis.compare import MAX_PAGES, compare
from strict_cookies.audit.analysis.finding import SEVERITIES, FindingKind
from strict_cookies.audit.observation import (
    BlockedCookie,
    ObservedHost,
    ObservedStep,
    Setter,
)
from strict_cookies.policy.external_origin import ExternalOrigin
from strict_cookies.policy.recipient import Recipient
from tests.audit.observations import (
    HEADERS,
    HOST,
    MISBEHAVING,
    POLICY,
    SITE,
    make_basket,
    make_cookie,
    make_draft,
    make_page,
    observe,
)

SESSION = make_cookie(gone_after="logout")
THIRD = make_cookie("uid", domain="pixel.example", third_party=True, samesite="None")
MAPS = replace(
    POLICY,
    recipients=(Recipient(name="Maps", role="Maps", data="Address", purpose="Maps", country="DE"),),
    external_origins=(
        ExternalOrigin(
            origin="https://maps.example", kinds=("image",), reason="Maps.", recipient="Maps"
        ),
    ),
)
LENT = replace(
    POLICY,
    cookies=(
        *POLICY.cookies,
        DeclaredCookie(
            name="_ga",
            title="Garage",
            purposes=("user_input",),
            description="Which garage you chose.",
            without_it="You would choose again.",
            not_the_tracker="It names a garage.",
            script_readable=True,
        ),
        DeclaredCookie(
            name="remember",
            title="Signed in",
            purposes=("authentication",),
            description="Keeps you signed in.",
            without_it="You would sign in again.",
        ),
        DeclaredCookie(
            name="shared",
            title="Shared",
            purposes=("load_balancing",),
            description="Which server answers you.",
            without_it="Pages would be slow.",
            domain="example.org",
            path="/app",
            samesite="None",
            partitioned=True,
        ),
    ),
)


def found(observation, policy=POLICY, **options):
    """Give the ids that are found, notes left out, each once."""
    findings = compare(observation, policy, **options)
    return sorted({one.kind.id for one in findings if one.severity != "note"})


def host(name="pixel.example", **changes):
    """Give a third party's host that was asked."""
    return ObservedHost(
        **{
            "host": name,
            "third_party": True,
            "kinds": ("image",),
            "requests": 1,
            "blocked": 0,
            **changes,
        }
    )


def blocked(name, **changes):
    """Give a cookie that the browser refused."""
    return BlockedCookie(
        **{"name": name, "host": HOST, "direction": "set", "reasons": ("SecureOnly",), **changes}
    )


def with_cookies(*cookies):
    """Return the clean site with additional cookies."""
    return observe(cookies=(SESSION, make_basket(), *cookies))


def shared(**changes):
    """Give the cookie of ``LENT`` that hosts share, as it is declared."""
    return make_cookie(
        "shared",
        **{
            "domain": "example.org",
            "path": "/app",
            "host_only": False,
            "samesite": "None",
            "partition_key": SITE,
            **changes,
        },
    )


def left(*cookies, storage=()):
    """Give the clean site with this left after logout."""
    return observe(steps=(ObservedStep(name="logout", cookies_left=cookies, storage_left=storage),))


def test_clean_site_has_no_finding():
    """A site that follows its declaration has no findings, not even notes."""
    assert compare(observe(), POLICY, min_coverage=1.0) == ()


@pytest.mark.parametrize(
    ("observation", "policy", "ids"),
    [
        pytest.param(with_cookies(make_cookie("x")), POLICY, ["AU101"], id="undeclared"),
        pytest.param(with_cookies(make_cookie("Basket")), POLICY, ["AU101"], id="other case"),
        pytest.param(with_cookies(make_cookie("_ga")), POLICY, ["AU102"], id="tracker"),
        pytest.param(with_cookies(make_cookie("_ga", httponly=False)), LENT, [],
                     id="not the tracker"),
        pytest.param(with_cookies(replace(THIRD, name="_ga")), LENT, ["AU102"],
                     id="tracker of a third party"),
        pytest.param(with_cookies(replace(THIRD, domain="ad.doubleclick.net")), POLICY, ["AU102"],
                     id="tracker by its host"),
        pytest.param(with_cookies(THIRD), POLICY, ["AU103"], id="third party"),
        pytest.param(with_cookies(replace(THIRD, name="basket")), POLICY, ["AU103"],
                     id="third party with a declared name"),
        pytest.param(with_cookies(replace(THIRD, domain="maps.example")), MAPS, ["AU103"],
                     id="third party that is declared as an origin"),
        pytest.param(with_cookies(make_cookie(secure=False)), POLICY, ["AU104"], id="no Secure"),
        pytest.param(with_cookies(make_cookie(secure=False)),
                     replace(POLICY, transport="plain-http"), [], id="no Secure on plain http"),
        pytest.param(with_cookies(make_cookie(httponly=False)), POLICY, ["AU104"],
                     id="no HttpOnly"),
        pytest.param(with_cookies(make_cookie(samesite="None")), POLICY, ["AU104"],
                     id="SameSite None"),
        pytest.param(with_cookies(make_cookie(samesite="")), POLICY, ["AU104"],
                     id="SameSite not said"),
        pytest.param(with_cookies(make_cookie(samesite="Strict")), POLICY, [],
                     id="SameSite stricter"),
        pytest.param(with_cookies(make_cookie(host_only=False)), POLICY, ["AU104"],
                     id="for hosts below"),
        pytest.param(with_cookies(make_basket(path="/cart", httponly=True)), POLICY, [],
                     id="narrower path, HttpOnly more"),
        pytest.param(with_cookies(shared()), LENT, [], id="shared as declared"),
        pytest.param(with_cookies(shared(domain="a.example.org")), LENT, [], id="narrower domain"),
        pytest.param(with_cookies(shared(domain="evilexample.org")), LENT, ["AU104"],
                     id="another domain"),
        pytest.param(with_cookies(shared(path="/application")), LENT, ["AU104"], id="wider path"),
        pytest.param(with_cookies(shared(partition_key=None)), LENT, ["AU104"],
                     id="not partitioned"),
        pytest.param(with_cookies(make_cookie(declared_seconds=1)), POLICY, ["AU105"],
                     id="lasts, declared for the session"),
        pytest.param(with_cookies(make_cookie(stored_seconds=1)), POLICY, ["AU105"],
                     id="kept, nobody saw it set"),
        pytest.param(with_cookies(make_basket(declared_seconds=7201)), POLICY, ["AU105"],
                     id="one second longer"),
        pytest.param(with_cookies(make_basket(declared_seconds=None, stored_seconds=7230)),
                     POLICY, [], id="clocks differ"),
        pytest.param(with_cookies(make_basket(declared_seconds=None, stored_seconds=7300)),
                     POLICY, ["AU105"], id="kept longer"),
        pytest.param(with_cookies(make_basket(declared_seconds=60)), POLICY, [], id="shorter"),
        pytest.param(observe(blocked=(blocked("_fbp"),)), POLICY, ["AU106"], id="tracker refused"),
        pytest.param(observe(blocked=(blocked("x"),)), POLICY, ["AU107"], id="undeclared refused"),
        pytest.param(observe(blocked=(blocked("basket"),)), POLICY, ["AU108"],
                     id="declared refused"),
        pytest.param(observe(blocked=(blocked("_fbp", direction="sent"),)), POLICY, [],
                     id="not sent"),
        pytest.param(observe(storage=(make_draft(), make_draft(kind="local"))), POLICY, ["AU201"],
                     id="storage of another kind"),
        pytest.param(observe(storage=(make_draft(), make_draft(name="Draft-1"))), POLICY,
                     ["AU201"], id="storage in another case"),
        pytest.param(observe(storage=(make_draft(), make_draft(kind="service worker"))), POLICY,
                     ["AU201"], id="service worker"),
        pytest.param(observe(storage=(make_draft(), make_draft(name="_gcl_ls"))), POLICY,
                     ["AU202"], id="tracker's storage"),
        pytest.param(
            observe(storage=(make_draft(), make_draft(origin="https://hotjar.com",
                                                      third_party=True))),
            POLICY, ["AU202"], id="storage of a tracker's host"),
        pytest.param(
            observe(storage=(make_draft(), make_draft(origin="https://x.test",
                                                      third_party=True))),
            POLICY, ["AU203"], id="third party's storage"),
        pytest.param(observe(hosts=(host(),)), POLICY, ["AU301"], id="third-party host"),
        pytest.param(observe(hosts=(host("maps.example"),)), MAPS, [], id="declared host"),
        pytest.param(observe(hosts=(host("www.google-analytics.com"),)), POLICY, ["AU302"],
                     id="tracker's host"),
        pytest.param(observe(hosts=(host(tracker="Somebody"),)), POLICY, ["AU302"],
                     id="host that the browser side knows"),
        pytest.param(observe(hosts=(host(requests=0, blocked=3),)), POLICY, ["AU303"],
                     id="host asked in vain"),
        pytest.param(observe(hosts=(host(redirect_only=True),)), POLICY, ["AU304"], id="redirect"),
        pytest.param(observe(hosts=(host(third_party=False),)), POLICY, [], id="own host"),
        pytest.param(left("__Host-Http-session @ shop.example /"), POLICY, [],
                     id="session after logout"),
        pytest.param(left("remember @ shop.example /"), LENT, ["AU501"],
                     id="login after logout"),
        pytest.param(left("x @ shop.example /"), POLICY, ["AU501"], id="stranger after logout"),
        pytest.param(left("basket @ shop.example /"), POLICY, [], id="basket after logout"),
        pytest.param(left(storage=(f"local profile @ {SITE}",)), POLICY, ["AU501"],
                     id="storage after logout"),
        pytest.param(left(storage=(f"session draft-1 @ {SITE}",)), POLICY, [],
                     id="draft after logout"),
        pytest.param(observe(steps=(ObservedStep(name="login", problem="No form."),)), POLICY,
                     ["AU502"], id="step failed"),
        pytest.param(observe(pages=(make_page(), make_page("/x", outcome="crashed"))), POLICY,
                     ["AU601"], id="page crashed"),
        pytest.param(observe(pages=(make_page(), make_page("/x", status=500))), POLICY, ["AU601"],
                     id="server error"),
        pytest.param(observe(pages=(make_page("/", status=403),)), POLICY, ["AU601"],
                     id="target refused"),
        pytest.param(observe(pages=()), POLICY, ["AU601"], id="nothing visited"),
        pytest.param(observe(pages=(make_page(), make_page("/x", status=404))), POLICY, [],
                     id="broken link"),
        pytest.param(observe(pages=(make_page(), make_page("/x", outcome="download"))), POLICY,
                     [], id="download"),
    ],
)  # fmt: skip
def test_each_kind_is_found(observation, policy, ids):
    """One thing that differs is one kind of finding; what is as strict or stricter is none."""
    assert found(observation, policy) == ids


@pytest.mark.parametrize(
    ("changes", "kind", "subject"),
    [
        pytest.param({"cookies": (SESSION,)}, FindingKind.COOKIE_NOT_SEEN, "basket", id="cookie"),
        pytest.param(
            {"storage": ()}, FindingKind.STORAGE_NOT_SEEN, "session draft-*", id="storage"
        ),
        pytest.param(
            {"cookies": (SESSION, replace(make_basket(), third_party=True, domain="x.test"))},
            FindingKind.COOKIE_NOT_SEEN, "basket", id="a third party's does not count"),
    ],
)  # fmt: skip
def test_declared_but_never_seen_is_noted(changes, kind, subject):
    """An unused entry is reported, but does not change the result."""
    findings = compare(observe(**changes), POLICY)
    assert (kind, subject, "note") in [(one.kind, one.subject, one.severity) for one in findings]


def test_session_after_logout_is_noted():
    """A page after logout may start an anonymous session: that is a note."""
    findings = compare(left("__Host-Http-session @ shop.example /"), POLICY)
    assert [(one.kind, one.severity) for one in findings] == [
        (FindingKind.SESSION_AFTER_LOGOUT, "note")
    ]


@pytest.mark.parametrize(
    ("header", "value", "kind"),
    [
        ("content-security-policy", None, FindingKind.HEADER_MISSING),
        ("content-security-policy", "default-src *", FindingKind.HEADER_WEAK),
        ("strict-transport-security", None, FindingKind.HEADER_MISSING),
        ("strict-transport-security", "max-age=60", FindingKind.HEADER_WEAK),
        ("x-content-type-options", None, FindingKind.HEADER_MISSING),
        ("referrer-policy", "unsafe-url", FindingKind.HEADER_WEAK),
        ("referrer-policy", None, None),
        ("referrer-policy", "no-referrer", None),
        (
            "content-security-policy",
            "default-src 'self'; script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
            None,
        ),
    ],
)
def test_headers_are_judged_as_browsers_read_them(header, value, kind):
    """A header that is missing or weak is found; what a browser makes of it counts."""
    headers = {**HEADERS, header: value or ""}
    findings = compare(observe(pages=(make_page(headers=headers), make_page("/orders"))), POLICY)
    assert [one.kind for one in findings] == ([kind] if kind else [])


def test_headers_can_be_asked_for():
    """An application's own set of headers takes the place of the general one."""
    ids = found(observe(), expected=lambda page: (("Cross-Origin-Opener-Policy", "same-origin"),))
    assert ids == ["AU401"]


def test_headers_of_other_places_do_not_count():
    """HSTS is expected for https on real hosts; pages of other sites and files are not checked."""
    bare = {"content-type": "text/html"}
    policy = compare(
        observe(
            targets=("http://localhost:5000/",),
            pages=(
                make_page("http://localhost:5000/", headers={**HEADERS,
                          "strict-transport-security": ""}),
                make_page("https://other.example/", headers=bare),
                make_page("http://localhost:5000/data", headers={
                          "content-type": "application/json",
                          "x-content-type-options": "nosniff"}),
            ),
        ),
        POLICY,
    )  # fmt: skip
    assert policy == ()


def test_declared_origin_may_be_in_the_policy_header():
    """What opens the declaration may open the Content-Security-Policy, and nothing else may."""
    csp = HEADERS["content-security-policy"] + "; img-src 'self' https://maps.example"
    pages = (make_page(headers={**HEADERS, "content-security-policy": csp}), make_page("/orders"))
    assert found(observe(pages=pages), MAPS) == []
    assert found(observe(pages=pages), POLICY) == ["AU402"]


def test_without_a_declaration_everything_is_undeclared():
    """For a site without a declaration, each item is reported, with what its name suggests."""
    findings = compare(observe(), None)
    assert [(one.kind.id, one.subject.partition(" @ ")[0]) for one in findings] == [
        ("AU101", "__Host-Http-session"),
        ("AU101", "basket"),
        ("AU201", "session draft-7"),
        ("AU501", "basket"),
    ]
    assert all("The site has no declaration." in one.detail for one in findings[:3])


@pytest.mark.parametrize(
    ("wanted", "ids"), [(None, []), (0.0, []), (0.5, []), (0.75, []), (0.76, ["AU602"])]
)
def test_coverage_is_held_to_what_is_asked(wanted, ids):
    """Fewer of the known pages than the site asks for is a finding that names the others."""
    observation = observe(known_routes=("/", "/orders", "/account", "/orders/<int:number>"),
                          pages=(make_page(), make_page("/orders"), make_page("/orders/7"),
                                 make_page("/account", final_url=f"{SITE}/login")))  # fmt: skip
    findings = compare(observation, POLICY, min_coverage=wanted)
    assert [one.kind.id for one in findings] == ids
    assert all(one.pages == ("/account",) for one in findings)


def test_unknown_routes_are_not_full_coverage():
    """If the pages are not known, a required coverage can't be met."""
    assert found(observe(known_routes=()), min_coverage=0.1) == ["AU602"]


def test_finding_says_where_and_by_whom():
    """Page, step and setter are those under which the item was first seen."""
    setter = Setter(kind="script", url=f"{SITE}/x.js", stack=("f (x.js:1:2)",))
    cookie = make_cookie("x", setter=setter, seen_on=f"{SITE}/a?token=s3cret", step="login")
    (finding,) = compare(with_cookies(cookie), POLICY)
    assert (finding.subject, finding.step, finding.setter) == (f"x @ {HOST} /", "login", setter)
    assert finding.pages == (f"{SITE}/a?token=…",)


def test_same_finding_on_many_pages_is_one():
    """A header that every page lacks is reported once, with a bounded list of pages."""
    pages = tuple(make_page(f"/{number}", headers={}) for number in range(MAX_PAGES + 5))
    findings = compare(observe(pages=pages, targets=(f"{SITE}/0",)), POLICY)
    csp = next(one for one in findings if one.subject == "Content-Security-Policy")
    assert len(csp.pages) == MAX_PAGES + 1
    assert csp.pages[-1] == "and 5 more"


def test_every_kind_of_misbehaviour_is_found_at_once():
    """Whatever the hand-made site does wrong is found, each kind but those it can't show."""
    ids = {one.kind.id for one in compare(MISBEHAVING, POLICY, min_coverage=0.9)}
    unseen = {"AU108", "AU109", "AU204"}
    assert ids == {kind.id for kind in FindingKind} - unseen


@given(st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_what_was_seen(shuffled: random.Random):
    """Whichever order the browser reports things in, the findings are the same, in one order."""
    changes = {}
    for key in ("cookies", "blocked", "storage", "hosts"):
        items = list(getattr(MISBEHAVING, key))
        shuffled.shuffle(items)
        changes[key] = tuple(items)
    findings = compare(replace(MISBEHAVING, **changes), POLICY)
    assert findings == compare(MISBEHAVING, POLICY)
    ranks = [(SEVERITIES.index(one.severity), one.kind.id, one.subject) for one in findings]
    assert ranks == sorted(ranks)


@given(
    name=st.just("basket") | st.text(max_size=40),
    seconds=st.none() | st.integers(0, 10**9),
    limit=st.none() | st.integers(1, 14_400),
)
def test_nothing_declared_is_called_undeclared_and_the_reverse(name, seconds, limit):
    """A cookie is a finding exactly where the policy does not cover its name or its lifetime."""
    policy = CookiePolicy(
        cookies=(
            DeclaredCookie(
                name="basket",
                title="Basket",
                purposes=("user_input",),
                description="Basket.",
                without_it="Empty.",
                lifetime=None if limit is None else timedelta(seconds=limit),
            ),
        )
    )
    ids = found(
        observe(cookies=(make_cookie(name, declared_seconds=seconds),), storage=(), steps=()),
        policy,
    )
    if name != "basket":
        assert ids in (["AU101"], ["AU102"])
    elif seconds is not None and (limit is None or seconds > limit):
        assert ids == ["AU105"]
    else:
        assert ids == []
