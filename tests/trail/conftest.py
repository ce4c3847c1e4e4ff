"""Places for trails that several processes share."""

from tests.archive.conftest import archive_server, shared_place

__all__ = ["archive_server", "shared_place"]
