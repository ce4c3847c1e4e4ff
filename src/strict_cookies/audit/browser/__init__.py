"""
Visit a site with Chromium, and record what it stores, sends and blocks as an observation.

Imports Playwright when an audit starts. May import ``policy`` and everything below it; knows
nothing of ``analysis`` and ``formats``.
"""
