"""
The SQLite file and the Redis server that sessions and archive share.

It may import ``_util`` and what is below it. ``redis`` is imported only by ``redis_*``.
"""
