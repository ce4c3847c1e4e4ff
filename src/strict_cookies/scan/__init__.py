"""
Scan an application's own templates and static files, for ``flask cookies init``.

It may import everything up to ``flask``. It has no public names: use the command.
"""
