"""
The languages of the declaration: catalogues, plurals, durations, dates and shared labels.

Only :mod:`~strict_cookies._util` is imported here.
"""
