"""
Write the report of an audit as HTML, JSON, CSV, SARIF or text for a terminal.

Each module is one format of the same report, from ``audit.report``.
"""
