"""
The findings as SARIF, for code scanning in CI.

Each finding points to the policy file, because SARIF needs a file; the pages are logical locations.

Source: OASIS SARIF 2.1.0, sections 3.14 (run), 3.19 (driver), 3.27 (result), 3.49 (rule).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..analysis.finding import FindingKind
from ..report import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULES = tuple(FindingKind)
_INDEX: Mapping[str, int] = {kind.id: index for index, kind in enumerate(_RULES)}


def write_sarif(report: Report, *, policy_file: str = "cookies.toml") -> str:
    """
    Return the SARIF, with one run.

    Args:
        report: From :func:`~strict_cookies.audit.report.build_report`.
        policy_file: The file that findings point to, relative to the repository.
    """
    from ..._version import __version__

    run = {
        "tool": {
            "driver": {
                "name": "Strict Cookies",
                "semanticVersion": __version__,
                "rules": [
                    {
                        "id": kind.id,
                        "shortDescription": {"text": _sentence(kind.title)},
                        "help": {"text": kind.remedy},
                        "defaultConfiguration": {"level": kind.severity},
                    }
                    for kind in _RULES
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": report["result"] != "failed",
                "startTimeUtc": report["began"],
                "endTimeUtc": report["ended"],
            }
        ],
        "results": [_result(finding, policy_file) for finding in report["findings"]],
        "columnKind": "unicodeCodePoints",
        "properties": {"result": report["result"], "statement": report["statement"]},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _result(finding: Mapping[str, Any], policy_file: str) -> dict[str, Any]:
    setter = finding["setter"]
    by = f" Set by {setter['kind']}: {setter['url']}." if setter and setter["url"] else ""
    text = f"{finding['title']}: {finding['subject']}. {finding['detail']}{by} {finding['remedy']}"
    fingerprint = hashlib.sha256(
        json.dumps([finding["id"], finding["subject"]]).encode()
    ).hexdigest()
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": policy_file},
            "region": {"startLine": 1},
        }
    }
    if finding["pages"]:
        location["logicalLocations"] = [
            {"fullyQualifiedName": page, "kind": "resource"} for page in finding["pages"]
        ]
    return {
        "ruleId": finding["id"],
        "ruleIndex": _INDEX[finding["id"]],
        "level": finding["severity"],
        # Brackets must be escaped, since they mark links. Section 3.11.6.
        "message": {"text": _sentence(text).replace("[", "\\[").replace("]", "\\]")},
        "locations": [location],
        "partialFingerprints": {"findingAndSubject/v1": fingerprint},
    }


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
