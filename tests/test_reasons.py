"""That every reason has a stable id, a title, a remedy, and a paragraph in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from strict_cookies.flask.config import DEFAULTS
from strict_cookies.reasons import Reason

DOCS = Path(__file__).parents[1] / "docs" / "reasons.md"

_HEADING = re.compile(r"^##+ (SC\d{3}) (.+)$", re.MULTILINE)


def _sections():
    """Read the docs: id to title and paragraph, in their order."""
    parts = _HEADING.split(DOCS.read_text("utf-8"))[1:]
    return [
        (id, title, text.strip())
        for id, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def _id(reason):
    return reason.id


#: Ids are promised to logs, tests and dashboards outside: this table only ever grows.
IDS = {
    "SC1": (1, 2, 3, 4, 5, 6, 7, 8, 21, 22, 23, 24, 25, 26, 27),
    "SC2": (1, 2, 3, 4, 5, 10, 11),
    "SC3": (1, 2, 3, 4, 5),
    "SC4": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 21, 22),
    "SC5": (1, 2),
    "SC6": (1, 2),
    "SC7": (1, 2, 3, 4, 5, 6),
    "SC8": (1, 2),
    "SC9": (1, 2, 3),
}


def test_ids_are_unique_and_stable():
    """No two reasons share an id, and no published id is missing."""
    ids = [reason.id for reason in Reason]
    assert len(ids) == len(set(ids))
    assert {f"{group}{number:02}" for group in IDS for number in IDS[group]} <= set(ids)


@pytest.mark.parametrize("reason", Reason, ids=_id)
def test_reason_is_complete(reason):
    """Each reason has an id of the pattern, a short title and a remedy in complete sentences."""
    assert re.fullmatch(r"SC[123456789]\d\d", reason.id)
    assert 0 < len(reason.title) <= 64
    assert not reason.title.endswith(".")
    assert reason.remedy.endswith((".", ")'", ")"))
    assert reason.remedy[0].isupper()
    assert str(reason) == f"{reason.id} {reason.title}"


@pytest.mark.parametrize("reason", Reason, ids=_id)
def test_remedy_names_settings_that_exist(reason):
    """A remedy names no setting that does not exist."""
    assert set(re.findall(r"STRICT_COOKIES_\w+", reason.remedy)) <= set(DEFAULTS)


@pytest.mark.parametrize(
    ("reason", "group", "is_received"),
    [
        pytest.param(Reason.UNDECLARED, "SC10", False, id="dropped"),
        pytest.param(Reason.UNSAFE_VALUE, "SC10", False, id="last drop"),
        pytest.param(Reason.SECURE_ADDED, "SC12", False, id="first hardening"),
        pytest.param(Reason.PARTITIONED_SET, "SC12", False, id="last hardening"),
        pytest.param(Reason.UNDECLARED_RECEIVED, "SC20", True, id="received"),
        pytest.param(Reason.FIELD_TOO_LARGE, "SC20", True, id="complete field"),
        pytest.param(Reason.SECURE_OVER_HTTP, "SC21", False, id="sent on plain http"),
        pytest.param(Reason.UNDECLARED_EXPIRED, "SC21", False, id="expired"),
        pytest.param(Reason.BYPASSED, "SC30", False, id="setup"),
        pytest.param(Reason.CROSS_ORIGIN, "SC60", False, id="refused"),
        pytest.param(Reason.UNKNOWN_ORIGIN, "SC60", False, id="refused without proof"),
        pytest.param(Reason.BROWSER_REPORT, "SC80", False, id="reported"),
        pytest.param(Reason.WEAKER_HEADER, "SC50", False, id="security header"),
        pytest.param(Reason.FOREIGN_STORE, "SC70", False, id="session"),
        pytest.param(Reason.VERDICT_FAULT, "SC90", False, id="fault"),
    ],
)
def test_group_is_the_kind_of_event(reason, group, is_received):
    """The first digits distinguish dropped, hardened and received cookies, for signals and logs."""
    assert (reason.group, reason.is_received) == (group, is_received)


def test_reasons_can_be_counted():
    """A reason is a dictionary key that is looked up by identity."""
    counts = {reason: reason.id for reason in Reason}
    assert [counts[reason] for reason in Reason] == [reason.id for reason in Reason]
    assert hash(Reason.UNDECLARED) == object.__hash__(Reason.UNDECLARED)


def test_docs_explain_every_reason_in_order():
    """The docs have one heading for each reason, with its title, in the order of the code."""
    assert [(id, title) for id, title, _ in _sections()] == [
        (reason.id, reason.title) for reason in Reason
    ]


@pytest.mark.parametrize("section", _sections(), ids=lambda section: section[0])
def test_docs_have_a_paragraph_of_sentences(section):
    """Each heading is followed by a paragraph: three sentences or more, one on each line."""
    _, _, text = section
    paragraph = text.split("\n\n#")[0]
    lines = paragraph.splitlines()
    assert len(lines) >= 3
    for line in lines:
        assert line[0].isupper() or line[0] == "`"
        assert line.endswith(".")
        assert not re.search(r"[a-z`)]\. [A-Z]", line), "one sentence per line"


def test_docs_name_settings_that_exist():
    """The docs name no setting that does not exist."""
    named = set(re.findall(r"STRICT_COOKIES_\w+", DOCS.read_text("utf-8")))
    assert named <= set(DEFAULTS)
