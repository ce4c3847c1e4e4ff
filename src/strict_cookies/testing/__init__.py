"""
The pytest plugin: ``pytest --strict-cookies``.

Everything up to ``flask`` may be imported here, but only after the plugin is switched on. It has no
public names: use the options.
"""
