"""
Publish: the declaration for visitors, programs and auditors, generated from the policy.

It may import everything up to ``trail``, but not ``flask``: the extension hands it a
:class:`~strict_cookies.declaration.sources.Sources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .changes import Change as Change
    from .changes import compare_documents as compare_documents
    from .document import build_document as build_document
    from .exports import EXPORTS as EXPORTS
    from .exports import Export as Export
    from .item import Item as Item
    from .item import Row as Row
    from .item import Section as Section
    from .item import VersionItem as VersionItem
    from .item import View as View
    from .pages.blueprint import create_blueprint as create_blueprint
    from .publication import PublicationStatus as PublicationStatus
    from .publication import PublishedVersion as PublishedVersion
    from .reading import read_declaration as read_declaration
    from .sources import PolicySnapshot as PolicySnapshot
    from .sources import Sources as Sources
    from .versions import Version as Version
    from .versions import Versions as Versions
    from .view import build_view as build_view
    from .view import describe_changes as describe_changes

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "changes": (
            "Change",
            "compare_documents",
        ),
        "document": ("build_document",),
        "exports": (
            "EXPORTS",
            "Export",
        ),
        "item": (
            "Item",
            "Row",
            "Section",
            "VersionItem",
            "View",
        ),
        "pages.blueprint": ("create_blueprint",),
        "publication": (
            "PublicationStatus",
            "PublishedVersion",
        ),
        "reading": ("read_declaration",),
        "sources": (
            "PolicySnapshot",
            "Sources",
        ),
        "versions": (
            "Version",
            "Versions",
        ),
        "view": (
            "build_view",
            "describe_changes",
        ),
    },
)
