"""
Where sessions are stored: the contract in ``base``, and the stores that keep it.

They know rows, keys and times, no cookie and no user's data.
"""
