"""Customers, orders, messages and preferences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markupsafe import escape

import example_app
from strict_cookies import CookiePolicy
from strict_cookies.policy.countries import HOME

POLICY = CookiePolicy.load(Path(example_app.__file__).with_name("cookies.toml"))

CUSTOMER = {
    "name": "Zebra & Co",
    "contact_name": "Zoe",
    "email": "zoe@zebra.example",
    "phone": "555 0199",
    "city": "Zagreb",
    "country": "Croatia",
}


def order_numbers(page: str) -> list[int]:
    """Read the numbers of the orders that a page lists."""
    return [int(number) for number in re.findall(r">SO-(\d+)</a>", page)]


def test_overview_shows_the_figures(sign_in):
    """The first page counts customers and lists the newest orders."""
    page = sign_in("clerk").get("/").text
    assert "<b>12</b>" in page
    assert order_numbers(page) == [1032, 1031, 1030, 1029, 1028]


def test_customers_are_searched_in_name_contact_and_city(sign_in):
    """A search finds a part of any of them; wildcards are plain characters."""
    clerk = sign_in("clerk")
    assert "Elbe Spedition" in clerk.get("/customers/", query_string={"q": "krüger"}).text
    assert "Jura Timber" not in clerk.get("/customers/?q=hamburg").text
    assert "No customer matches." in clerk.get("/customers/?q=%25").text


def test_customer_page_shows_the_orders(sign_in):
    """A customer's orders, and nobody else's."""
    page = sign_in("auditor").get("/customers/3").text
    assert "Cordova Logistics" in page
    assert order_numbers(page) == [1026, 1014, 1002]
    assert sign_in("auditor").get("/customers/99").status_code == 404


def test_manager_adds_and_changes_a_customer(sign_in):
    """What was entered is shown, escaped, and found again."""
    manager = sign_in("manager")
    assert manager.get("/customers/new").status_code == 200
    answer = manager.post("/customers/new", **CUSTOMER)
    assert answer.location == "/customers/13"
    assert "Zebra &amp; Co is saved." in manager.get("/customers/13").text
    assert 'value="Zoe"' in manager.get("/customers/13/edit").text
    manager.post("/customers/13/edit", **CUSTOMER | {"contact_name": "<b>Zed</b>"})
    assert "&lt;b&gt;Zed&lt;/b&gt;" in manager.get("/customers/13").text
    assert manager.get("/customers/99/edit").status_code == 404


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        pytest.param(" ", "Please fill this in.", id="empty"),
        pytest.param("x" * 101, "Please use at most 100 characters.", id="too long"),
    ],
)
def test_customer_with_a_mistake_is_not_saved(sign_in, name, mistake):
    """The form comes back with the mistake, and with what was right."""
    manager = sign_in("manager")
    answer = manager.post("/customers/new", **CUSTOMER | {"name": name})
    assert answer.status_code == 422
    assert mistake in answer.text
    assert "zoe@zebra.example" in answer.text
    assert manager.get("/customers/13").status_code == 404


def test_orders_are_filtered_by_status(sign_in):
    """A filter shows its status alone; an unknown status shows nothing."""
    clerk = sign_in("clerk")
    assert order_numbers(clerk.get("/orders/?status=cancelled").text) == [1022, 1011]
    assert "No orders here." in clerk.get("/orders/?status=lost").text


def test_orders_come_in_pages_and_the_filter_stays(sign_in):
    """Ten rows a page, links to the neighbours, and a 404 behind the last one."""
    clerk = sign_in("clerk")
    first = clerk.get("/orders/").text
    assert order_numbers(first) == list(range(1032, 1022, -1))
    assert "Page 1 of 4 · 32 in total" in first
    assert 'rel="prev"' not in first
    last = clerk.get("/orders/?page=4").text
    assert order_numbers(last) == [1002, 1001]
    assert 'rel="next"' not in last
    assert clerk.get("/orders/?page=5").status_code == 404
    filtered = clerk.get("/orders/?status=invoiced").text
    assert "/orders/?page=2&amp;status=invoiced" not in filtered
    assert "Page 1 of 1" in filtered


@pytest.mark.parametrize("page", ["0", "-3", "x", ""])
def test_page_number_that_is_none_means_the_first(sign_in, page):
    """A mistyped address shows the beginning of the list."""
    assert "Page 1 of 4" in sign_in("clerk").get(f"/orders/?page={page}").text


def test_huge_page_number_is_a_404(sign_in):
    """A number beyond the database's integers is refused, not a fault."""
    assert sign_in("clerk").get(f"/orders/?page={10**30}").status_code == 404


def test_clerk_writes_an_order(sign_in):
    """A draft with its lines; the total is the sum."""
    clerk = sign_in("clerk")
    assert 'value="3" selected' in clerk.get("/orders/new?customer_id=3").text
    answer = clerk.post(
        "/orders/new",
        customer_id=3,
        note="Before noon",
        product_1=1,
        quantity_1=2,
        product_3=4,
        quantity_3=10,
    )
    assert answer.location == "/orders/1033"
    page = clerk.get("/orders/1033").text
    for text in ("Before noon", "Vehicle tracker", "Door sensor", "698.00 €", "Clara Winter"):
        assert text in page


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        pytest.param({"customer_id": "99"}, "Please choose one from the list.", id="customer"),
        pytest.param({"product_1": "99"}, "Please choose one from the list.", id="product"),
        pytest.param({"product_1": "x"}, "Please choose one from the list.", id="no product id"),
        pytest.param({"product_1": ""}, "Please choose at least one product.", id="no line"),
        pytest.param({"quantity_1": "0"}, "a whole number from 1 to 9999", id="zero"),
        pytest.param({"quantity_1": "many"}, "a whole number from 1 to 9999", id="no number"),
        pytest.param({"note": "x" * 501}, "at most 500 characters", id="long note"),
    ],
)
def test_order_with_a_mistake_is_not_saved(sign_in, fields, mistake):
    """The form comes back and says what to mend."""
    clerk = sign_in("clerk")
    right = {"customer_id": "1", "product_1": "1", "quantity_1": "1"}
    answer = clerk.post("/orders/new", **right | fields)
    assert answer.status_code == 422
    assert mistake in answer.text
    assert clerk.get("/orders/1033").status_code == 404


def test_manager_moves_an_order_along(sign_in):
    """An order goes from draft to invoiced; each page offers what may follow."""
    manager = sign_in("manager")
    for status in ("confirmed", "shipped", "invoiced"):
        assert f"Mark as {status}" in manager.get("/orders/1032").text
        assert manager.post("/orders/1032/status", status=status).location == "/orders/1032"
    page = manager.get("/orders/1032").text
    assert "Order SO-1032 is invoiced." in page
    assert "Mark as" not in page


def test_order_skips_no_status(sign_in):
    """A status that may not follow leaves the order as it is."""
    manager = sign_in("manager")
    manager.post("/orders/1032/status", status="invoiced")
    page = manager.get("/orders/1032").text
    assert "An order that is draft can&#39;t become “invoiced”." in page
    assert manager.post("/orders/9999/status", status="confirmed").status_code == 404


def test_message_reaches_its_recipient_alone(sign_in):
    """It counts as unread until the recipient opens it; others get a 404."""
    clerk, auditor = sign_in("clerk"), sign_in("auditor")
    sent = clerk.post("/messages/new", recipient_id=2, subject="Hello", body="One\nTwo")
    assert sent.location == "/messages/"
    assert "Your message is sent." in clerk.get("/messages/").text
    manager = sign_in("manager")
    inbox = manager.get("/messages/").text
    assert "Hello" in inbox
    assert "3<span" in inbox
    assert "One\nTwo" in manager.get("/messages/6").text
    assert "2<span" in manager.get("/messages/").text
    assert auditor.get("/messages/6").status_code == 404
    assert clerk.get("/messages/6").status_code == 404


def test_message_with_a_mistake_is_not_sent(sign_in):
    """Nobody writes to oneself, and a message needs a text."""
    answer = sign_in("clerk").post("/messages/new", recipient_id=1, subject="Me")
    assert answer.status_code == 422
    assert "Please choose one from the list." in answer.text
    assert "Please fill this in." in answer.text


def test_reply_begins_with_recipient_and_subject(sign_in):
    """The form for a reply is filled in."""
    page = sign_in("clerk").get("/messages/new?recipient_id=2&subject=Re:+Order").text
    assert 'value="2" selected' in page
    assert 'value="Re: Order"' in page


def test_preferences_are_used_and_live_in_the_session_only(sign_in):
    """Theme, words and rows follow the choice; no cookie but the session's appears."""
    clerk = sign_in("clerk")
    answer = clerk.post("/preferences/", theme="dark", language="de", rows="25")
    assert answer.location == "/preferences/"
    page = clerk.get("/orders/").text
    assert 'data-theme="dark"' in page
    assert "Aufträge" in page
    assert len(order_numbers(page)) == 25
    assert len(clerk.client._cookies) == 1
    assert "25" in clerk.get("/preferences/").text


def test_preferences_end_with_the_session(sign_in):
    """Signing out forgets them; the next session begins with the defaults."""
    clerk = sign_in("clerk")
    clerk.post("/preferences/", theme="dark", language="de", rows="50")
    clerk.post("/logout")
    clerk.post("/login", username="clerk", password="clerk-on-track")
    page = clerk.get("/").text
    assert 'data-theme="system"' in page
    assert "Overview" in page


@pytest.mark.parametrize(
    "choice", [{"theme": "pink"}, {"language": "tlh"}, {"rows": "1000000"}, {"rows": ""}]
)
def test_preference_that_is_not_offered_is_refused(sign_in, choice):
    """Only what the page offers is kept."""
    clerk = sign_in("clerk")
    offered = {"theme": "light", "language": "en", "rows": "10"}
    answer = clerk.post("/preferences/", **offered | choice)
    assert answer.status_code == 422
    assert "Please choose one from the list." in answer.text
    assert 'data-theme="system"' in clerk.get("/").text


def test_privacy_page_keeps_its_promises_in_view(visitor):
    """Everybody reads it; it holds the cookie section and sets no cookie itself."""
    answer = visitor.get("/privacy")
    assert answer.headers.getlist("Set-Cookie") == []
    for text in (
        "__Host-Http-session",
        "strictly need",
        "HTTPS",
        "after 365 days",
        "announce significant ones",
        "privacy@definitive-track.example",
    ):
        assert text in answer.text


@pytest.mark.parametrize(
    ("data", "use"),
    [
        ("Contact and business data:", "We need them to fulfil our contract."),
        ("Usage and device data:", "We need them for security and for session control."),
        ("Requests about your data:", "We need them to answer, and to show that we did."),
        ("Messages:", "calls and chats with our support"),
    ],
)
def test_privacy_page_tells_each_sort_of_data_and_its_use(visitor, data, use):
    """What is handled beside cookies, and what for, stands around the generated section."""
    (told,) = re.findall(rf"<li><b>{data}</b>(.*?)</li>", visitor.get("/privacy").text)
    assert use in told


def test_privacy_page_names_recipients_from_the_policy(visitor):
    """Hosting, telephony, chat with Meta behind it and payment are the policy's own rows."""
    (table,) = re.findall(
        r"<caption>Who gets data from this site</caption>.*?</table>",
        visitor.get("/privacy").text,
        re.DOTALL,
    )
    roles = ("Hosting provider", "Telephony", "Chat, if you choose", "Payment processor")
    assert len(POLICY.recipients) == len(roles)
    for recipient, role in zip(POLICY.recipients, roles, strict=True):
        assert recipient.role.startswith(role)
        for text in (recipient.name, recipient.role, recipient.data, recipient.purpose):
            assert str(escape(text)) in table
    assert "3CX" in table
    assert "WhatsApp Business, and Meta behind it" in table


def test_transfers_abroad_name_their_safeguard(visitor):
    """Whoever handles data outside the EEA and the UK is shown with a country and a safeguard."""
    abroad = [one for one in POLICY.recipients if not HOME.issuperset(one.country)]
    assert [one.country for one in abroad] == [("IE", "US")] * 2
    text = visitor.get("/privacy").text
    assert text.count("Ireland and United States") == 2
    for recipient in abroad:
        assert "Standard contractual clauses" in recipient.safeguard
        assert str(escape(recipient.safeguard)) in text


def test_browser_talks_to_no_recipient(app, visitor):
    """What the privacy page says of it is what the policy admits: no external origin."""
    assert "Your browser talks to none of these recipients" in visitor.get("/privacy").text
    assert app.extensions["strict_cookies"].freeze().policy.external_origins == ()


def test_preferences_are_those_of_the_policy(sign_in):
    """What the page offers is what is declared, with the same defaults checked."""
    page = sign_in("clerk").get("/preferences/").text
    offered = re.findall(r'<input type="radio" name="(\w+)" value="(\w+)"( checked)?', page)
    assert offered == [
        (one.name, choice, " checked" if choice == one.default else "")
        for one in POLICY.preferences
        for choice in one.choices
    ]


@pytest.mark.parametrize("path", ["/login", "/privacy", "/misbehave", "/nowhere"])
def test_every_page_links_the_cookie_declaration(visitor, path):
    """The footer leads there, and nothing asks for consent."""
    page = visitor.get(path).text
    assert '<a class="cookie-footer-link" lang="en" href="/cookies/?lang=en">' in page
    assert "banner" not in page
    assert " style=" not in page
