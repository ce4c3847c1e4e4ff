"""Flask-Admin in a real browser: with our nonces its pages work under the closed policy."""

from __future__ import annotations

import pytest
from flask import Flask, send_file
from flask_admin import Admin
from flask_admin.form import SecureForm
from flask_admin.model import BaseModelView
from wtforms import StringField

from strict_cookies import StrictCookies, csp_nonce
from tests.serving import serve

#: What docs/howto/flask-admin.md has the site add for the question before a deletion.
CONFIRM = """\
document.addEventListener("submit", (event) => {
  if (event.target.closest("td.list-buttons-column") && !confirm("Delete this record?")) {
    event.preventDefault();
  }
});
"""


class Part:
    def __init__(self, id, name):
        self.id = id
        self.name = name


class PartForm(SecureForm):
    name = StringField()


class PartView(BaseModelView):
    """A view over a dictionary; which database it is is nothing to a browser."""

    extra_js = ("/confirm.js",)

    def __init__(self):
        self.parts = {"1": Part("1", "anvil"), "2": Part("2", "bolt")}
        super().__init__(Part, name="Parts", endpoint="parts")

    def get_pk_value(self, model):
        return model.id

    def scaffold_list_columns(self):
        return ["name"]

    def scaffold_sortable_columns(self):
        return None

    def scaffold_form(self):
        return PartForm

    def scaffold_list_form(self, widget=None, validators=None):
        return PartForm

    def init_search(self):
        return False

    def get_list(self, *args, **options):
        return len(self.parts), list(self.parts.values())

    def get_one(self, id):
        return self.parts.get(id)

    def update_model(self, form, model):
        model.name = form.name.data
        return True

    def delete_model(self, model):
        del self.parts[model.id]
        return True


@pytest.fixture
def app(tmp_path):
    """An application with Flask-Admin, told where nonces come from."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=["localhost"])
    script = tmp_path / "confirm.js"
    script.write_text(CONFIRM, "utf-8")
    app.add_url_rule("/confirm.js", view_func=lambda: send_file(script), endpoint="confirm")
    app.parts = PartView()
    Admin(app, name="Shop", csp_nonce_generator=csp_nonce).add_view(app.parts)
    StrictCookies(app)
    return app


@pytest.fixture
def page(app, chromium):
    """A page of the admin's, and what the browser blocked in it."""
    with serve(app) as server:
        context = chromium.new_context()
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.blocked = []
        page.on(
            "console",
            lambda m: "Content Security Policy" in m.text and page.blocked.append(m.text),
        )
        page.goto(server.url("localhost", "/admin/parts/"))
        yield page
        context.close()


@pytest.mark.browser
def test_record_is_edited(app, page):
    """List and form work: their scripts carry the nonce, their style is a file."""
    page.blocked.clear()
    page.goto(page.url + "edit/?id=1")
    assert page.blocked == []
    page.fill("input[name=name]", "hammer")
    page.click("input[type=submit]")
    page.get_by_text("hammer").wait_for()
    assert app.parts.parts["1"].name == "hammer"
    assert [cookie["name"] for cookie in page.context.cookies()] == ["__Host-Http-session"]


@pytest.mark.browser
def test_deletion_asks_first(app, page):
    """
    Flask-Admin asks from an ``onclick``, which the policy blocks; a file of the site's asks.

    Without it the record would go without a question.
    """
    assert page.blocked
    assert all("inline event handler" in text for text in page.blocked)
    asked = []

    def answer(dialog):
        asked.append(dialog.message)
        if len(asked) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    delete = page.get_by_title("Delete record")
    delete.first.click()
    assert (asked, sorted(app.parts.parts)) == (["Delete this record?"], ["1", "2"])
    with page.expect_navigation():
        delete.first.click()
    assert sorted(app.parts.parts) == ["2"]
