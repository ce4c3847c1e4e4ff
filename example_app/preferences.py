"""
Theme, language and rows per page, as declared in ``cookies.toml``: stored only in the
session.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from strict_cookies import preferences

from . import auth
from .forms import Form

#: The labels of choices whose names are not readable.
LABELS = {
    "system": "Same as device",
    "light": "Light",
    "dark": "Dark",
    "en": "English",
    "de": "Deutsch",
}

bp = Blueprint("preferences", __name__, url_prefix="/preferences")
bp.before_request(auth.require_login)


@bp.get("/")
def index() -> str:
    """Show the current choices."""
    return render_template("preferences.html", form=Form(preferences), labels=LABELS)


@bp.post("/")
def save() -> Response | tuple[str, int]:
    """Store the choices in the session."""
    form = Form(request.form)
    chosen = {name: form.choice(name, one.choices) for name, one in preferences.declared.items()}
    if form.errors:
        return render_template("preferences.html", form=form, labels=LABELS), 422
    preferences.update(chosen)
    flash("Saved for this session.")
    return redirect(url_for("preferences.index"))
