"""
Check an application's configuration, for ``flask cookies check``.

It may import everything up to ``flask``. It has no public names: use the command.
"""
