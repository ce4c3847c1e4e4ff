"""The formats of an audit report: HTML, JSON, CSV, SARIF and text for a terminal."""
