"""The rules of weak headers, which ``flask cookies check`` and the auditor's report share."""

from __future__ import annotations

import pytest

from strict_cookies.headers.merge import resolve
from strict_cookies.headers.options import check_layer
from strict_cookies.headers.rules import HEADER_RULES, find_unmet
from strict_cookies.http.presets import OPT_OUT
from strict_cookies.report.asvs import REQUIREMENTS

IDS = sorted({requirement for rule in HEADER_RULES for requirement in rule.requirements})
#: Options that switch off every header, or open it.
OPEN = {
    "content_security_policy": OPT_OUT,
    "strict_transport_security": OPT_OUT,
    "referrer_policy": OPT_OUT,
    "permissions_policy": OPT_OUT,
    "x_content_type_options": OPT_OUT,
    "cross_origin_opener_policy": OPT_OUT,
    "cross_origin_resource_policy": "cross-origin",
    "origin_agent_cluster": OPT_OUT,
}


def resolved(**options):
    return resolve([check_layer("STRICT_COOKIES_HEADERS", options)], reports="/cookies/reports")


@pytest.mark.parametrize("requirement", IDS)
def test_default_headers_meet_each_requirement(requirement):
    """The defaults have no weakness, and each id is one of the report."""
    assert find_unmet(resolved(), requirement) is None
    assert requirement in {row.id for row in REQUIREMENTS}


@pytest.mark.parametrize("requirement", IDS)
def test_open_headers_fail_each_requirement(requirement):
    """Each weakness is described in whole sentences."""
    weakness = find_unmet(resolved(**OPEN), requirement)
    assert weakness is not None
    assert weakness.message.endswith(".")
    assert weakness.remedy.endswith(".")


def test_requirement_without_rules_is_met():
    """An id that no rule names fails nowhere."""
    assert find_unmet(resolved(**OPEN), "9.9.9") is None
