"""Places for trails that several processes share, and an authority for timestamps."""

from tests.archive.conftest import archive_server, shared_place

from .authority import authority, running_authority

__all__ = ["archive_server", "authority", "running_authority", "shared_place"]
