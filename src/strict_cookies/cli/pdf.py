"""Print the declaration as PDF, for ``flask cookies publish`` and ``export``."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.test import Client

from .._util.faults import log_fault
from ..declaration.pages.renderer import PageRenderer
from ..declaration.pages.versions import add_edition, print_languages
from ..declaration.sources import Sources
from ..errors import AuditError
from ..flask.state import get_state
from ..reasons import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

    from ..audit.browser.printing import Page, Resource
    from ..declaration.i18n.language import Language
    from ..declaration.versions import Version
    from ..flask.state import AppState


def print_pdf(
    app: Flask, version: Version | None = None, *, languages: tuple[Language, ...] = ()
) -> dict[str, bytes]:
    """
    Print the declaration in several languages.

    Args:
        app: With Strict Cookies, its configuration compiled.
        version: The version to print; None for the current declaration.
        languages: By default those of the site.

    Returns:
        The PDFs by language tag.

    Raises:
        AuditError: Playwright or Chromium is missing; the message says what to install.
    """
    from ..audit.browser.printing import print_to_pdf

    state = get_state(app)
    document = state.document()
    if version is not None:
        history = (version.summary, *state.versions.history_of(version.number - 1))
        document = add_edition(version, history)
    languages = languages or print_languages(document)
    origin = _find_origin(app)
    printed = print_to_pdf(
        _render(app, state, document, languages, origin), _fetch_from(state.inner, origin)
    )
    return {language.tag: pdf for language, pdf in zip(languages, printed, strict=True)}


def _render(
    app: Flask,
    state: AppState,
    document: dict[str, Any],
    languages: tuple[Language, ...],
    origin: str,
) -> list[Page]:
    """Render the page in each language, with absolute links."""
    from ..audit.browser.printing import Page

    renderer = PageRenderer(Sources(snapshot=state.snapshot, versions=lambda: state.versions))
    with app.test_request_context(base_url=f"{origin}{app.config['APPLICATION_ROOT']}"):
        links = {key: f"{origin}{path}" for key, path in renderer.links().items()}
        try:
            # What the application's own templates and context processors may rely on.
            app.preprocess_request()
            return [
                Page(
                    f"{links['page']}?lang={language.tag}",
                    renderer.render_document(document, language, links).body.decode(),
                    f"{document['site']['name']} · {document['hash']}".lstrip(" ·"),
                )
                for language in languages
            ]
        except Exception as error:
            log_fault(Reason.APP_FAULT, error)
            raise AuditError(
                f"The application's own code failed while the page was rendered "
                f"({type(error).__name__}); the log shows where."
            ) from error


def _fetch_from(application: WSGIApplication, origin: str) -> Callable[[str], Resource | None]:
    """Return a function that requests a URL of the site from the application itself."""
    from ..audit.browser.printing import Resource

    client = Client(application)

    def fetch(url: str) -> Resource | None:
        if not url.startswith(f"{origin}/"):
            return None
        with client.get(url.removeprefix(origin), base_url=origin) as response:
            if response.status_code != HTTPStatus.OK:
                return None
            return Resource(response.data, response.content_type)

    return fetch


def _find_origin(app: Flask) -> str:
    """Return the site's origin, for links in the PDF."""
    config = app.config
    hosts = (
        config["STRICT_COOKIES_CANONICAL_HOST"],
        config["SERVER_NAME"],
        *(config["TRUSTED_HOSTS"] or ()),
    )
    host: Any = next((host for host in hosts if host and not host.startswith(".")), "localhost")
    return f"https://{host}"
