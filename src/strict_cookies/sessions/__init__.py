"""Secure: sessions that live on the server, can be listed and revoked, and are never lost."""
