"""
The commands ``flask cookies ...`` and ``strict-cookies audit``.

Each command has a module under its own name. Everything else may be imported here; nothing imports
the CLI. It has no public names: use the commands.
"""
