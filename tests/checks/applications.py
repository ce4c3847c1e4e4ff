"""A sound configuration, and findings in short."""

from __future__ import annotations

KEY = "0123456789abcdef" * 4
SITE = """
[site]
name = "ERP"
controller = "Vendor Ltd"
contact = "privacy@erp.example"
"""
ENTRY = """
[[cookie]]
name = "{name}"
title = "Choice"
purposes = ["preferences"]
description = "Keeps a choice."
without_it = "You would choose again."
lifetime = "session"
"""
SOUND = {"SECRET_KEY": KEY, "TRUSTED_HOSTS": ["erp.example"]}


def brief(findings):
    return [(found.severity, found.reason.id if found.reason else None) for found in findings]
