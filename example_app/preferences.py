"""Theme, language and rows a page, as ``cookies.toml`` declares them: kept in the session alone."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from strict_cookies import preferences

from . import auth
from .forms import Form

#: What a choice is called, where its name is no word for people.
LABELS = {
    "system": "As the device",
    "light": "Light",
    "dark": "Dark",
    "en": "English",
    "de": "Deutsch",
}

bp = Blueprint("preferences", __name__, url_prefix="/preferences")
bp.before_request(auth.require_login)


@bp.get("/")
def index() -> str:
    """Show what is chosen."""
    return render_template("preferences.html", form=Form(preferences), labels=LABELS)


@bp.post("/")
def save() -> Response | tuple[str, int]:
    """Keep a choice in the session."""
    form = Form(request.form)
    chosen = {name: form.choice(name, one.choices) for name, one in preferences.declared.items()}
    if form.errors:
        return render_template("preferences.html", form=form, labels=LABELS), 422
    preferences.update(chosen)
    flash("Saved for this session.")
    return redirect(url_for("preferences.index"))
