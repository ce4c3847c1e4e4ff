"""
The auditor's report, and the links that open it.

It may import everything up to ``declaration``, but not ``flask``: it is handed the state of the
application. It has no public names: use ``/cookies/report/`` and the commands.
"""
