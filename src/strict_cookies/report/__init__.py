"""The auditor's report, and the links that open it."""
