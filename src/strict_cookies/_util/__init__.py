"""
Helpers that know no cookie: text, URLs, durations, locks, forks, signals.

Everything may import them; of this package they import errors and reasons only.
"""
