"""Theme, language and rows a page: kept in the session alone, and gone with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from . import auth
from .forms import Form

THEMES = {"system": "As the device", "light": "Light", "dark": "Dark"}
LANGUAGES = {"en": "English", "de": "Deutsch"}
ROWS = {"10": "10", "25": "25", "50": "50"}

bp = Blueprint("preferences", __name__, url_prefix="/preferences")
bp.before_request(auth.require_login)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """
    What a visitor chose; the defaults are for those who chose nothing.

    Args:
        theme: A key of :data:`THEMES`.
        language: A key of :data:`LANGUAGES`; for the words of the navigation.
        rows: Rows a page of a long list.
    """

    theme: str = "system"
    language: str = "en"
    rows: int = 10


def current() -> Preferences:
    """Return the preferences of this session."""
    return Preferences(**session.get("preferences", {}))


@bp.get("/")
def index() -> str:
    """Show what is chosen."""
    return _render(Form(asdict(current())))


@bp.post("/")
def save() -> Response | tuple[str, int]:
    """Keep a choice in the session."""
    form = Form(request.form)
    theme = form.choice("theme", THEMES)
    language = form.choice("language", LANGUAGES)
    rows = form.choice("rows", ROWS)
    if form.errors:
        return _render(form), 422
    session["preferences"] = asdict(Preferences(theme=theme, language=language, rows=int(rows)))
    flash("Saved for this session.")
    return redirect(url_for("preferences.index"))


def _render(form: Form) -> str:
    """Show the form with the choices that there are."""
    return render_template(
        "preferences.html", form=form, themes=THEMES, languages=LANGUAGES, row_counts=ROWS
    )
