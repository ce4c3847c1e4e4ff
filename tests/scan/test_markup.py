"""What is found in HTML, CSS and JavaScript, and what such a text may not do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies._util.text import printable
from strict_cookies.scan.markup import ViolationKind, scan_text

EXTERNAL, DATA = ViolationKind.EXTERNAL, ViolationKind.DATA
SCRIPT, STYLE = ViolationKind.SCRIPT, ViolationKind.STYLE
ATTRIBUTE, HANDLER = ViolationKind.STYLE_ATTRIBUTE, ViolationKind.HANDLER
URL = ViolationKind.JAVASCRIPT_URL
CDN = "https://cdn.example"


def found(text, **kwargs):
    return [
        (place.kind, place.line, place.subject) for place in scan_text(text, file="x", **kwargs)
    ]


def loads(text, **kwargs):
    places = scan_text(text, file="x", **kwargs)
    assert all(place.kind is EXTERNAL for place in places)
    return [(place.subject, place.loaded) for place in places]


# --- HTML: origins ---


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ('<script src="https://cdn.example/a.js"></script>', "script"),
        ("<SCRIPT SRC='HTTPS://CDN.example/a.js'></SCRIPT>", "script"),
        ("<script async src=https://cdn.example/a.js></script>", "script"),
        ('<img src="https://cdn.example/p.gif?key=abc">', "image"),
        ('<img src="  https://cdn.example/p.gif">', "image"),
        ('<img alt="a>b" src="https://cdn.example/p.gif">', "image"),
        ('<img srcset="/a.png 1x, https://cdn.example/b.png 2x">', "image"),
        ('<link rel="stylesheet" href="https://cdn.example/a.css">', "style"),
        ('<link rel="icon" href="https://cdn.example/a.ico">', "link"),
        ('<link href="https://cdn.example/a">', "link"),
        ('<iframe src="https://cdn.example/"></iframe>', "frame"),
        ('<form action="https://cdn.example/pay">', "form"),
        ('<button formaction="https://cdn.example/pay">', "form"),
        ('<base href="https://cdn.example/">', "base"),
        ('<video poster="https://cdn.example/p.jpg">', "image"),
        ('<use xlink:href="https://cdn.example/i.svg#a">', "image"),
        ('<img src="https://me:pass@cdn.example/p.gif">', "image"),
        ('<script>fetch("https://cdn.example/x")</script nonce="a">', None),
    ],
)
def test_external_origin_is_found(text, loaded):
    """An address that a browser loads or sends to gives its origin, without the rest of it."""
    places = [place for place in scan_text(text, file="x") if place.kind is EXTERNAL]
    assert [place.subject for place in places] == [CDN]
    assert loaded is None or places[0].loaded == loaded


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://cdn.example/">elsewhere</a>',
        '<link rel="canonical" href="https://cdn.example/">',
        '<link rel="alternate license" href="https://cdn.example/">',
        '<img src="/static/a.png">',
        '<img src="a.png?next=https://cdn.example/">',
        '<img src="https:///nothing">',
        '<img src="//">',
        '<img src="https://...">',
        '<img src="{{ url_for("static", filename="https://cdn.example/a") }}">',
        '<!-- <img src="https://cdn.example/p.gif"> -->',
        "<!-- <img src='https://cdn.example/p.gif'>",
        '{# <img src="https://cdn.example/p.gif"> #}',
        '<textarea><img src="https://cdn.example/p.gif"></textarea>',
        '<title><img src="https://cdn.example/p.gif"></title>',
        '<meta property="og:image" content="https://cdn.example/p.gif">',
        '<script type="application/json">{"url": "https://cdn.example/"}</script>',
        '<img src="https://cdn.example/p.gif"',
        "1 < 2 and <https://cdn.example/>",
    ],
)
def test_what_no_browser_loads_is_not_found(text):
    """Links, comments, text and URLs of this host are ignored."""
    assert found(text, template=True) == []


def test_scheme_relative_address_keeps_its_form():
    """An address without a scheme is shown without one."""
    assert loads('<img src="//cdn.example:8080/x">') == [("//cdn.example:8080", "image")]


def test_own_host_is_not_external():
    """The application's own host, with its port, is left out; another port is not."""
    text = '<img src="https://ERP.example:8443/a"><img src="https://erp.example/a">'
    assert loads(text, own_host="erp.example:8443") == [("https://erp.example", "image")]


def test_host_that_jinja_writes_is_shown_as_written():
    """An origin that is known only when rendered is shown by its expression."""
    text = '<script src="https://{{ cdn }}/a.js"></script>'
    assert loads(text, template=True) == [("https://{{ cdn }}", "script")]


# --- HTML: inline code ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<script>go()</script>", [(SCRIPT, 1, "script")], id="script"),
        pytest.param("\n<script\n>go()</script>", [(SCRIPT, 2, "script")], id="line"),
        pytest.param("\r\n<script>go()</script>", [(SCRIPT, 2, "script")], id="line after CRLF"),
        pytest.param("<script>{{ code }}</script>", [(SCRIPT, 1, "script")], id="by Jinja"),
        pytest.param('<script type="module">a</script>', [(SCRIPT, 1, "script")], id="module"),
        pytest.param('<script type="text/JavaScript">a</script>', [(SCRIPT, 1, "script")], id="js"),
        pytest.param('<script nonce="">a</script>', [(SCRIPT, 1, "script")], id="empty nonce"),
        pytest.param("<script>never closed", [(SCRIPT, 1, "script")], id="unclosed"),
        pytest.param('<script nonce="{{ csp_nonce() }}">go()</script>', [], id="nonce"),
        pytest.param("<script {{ nonce_attribute() }}>go()</script>", [], id="attribute by Jinja"),
        pytest.param(
            '<script {% if n %}nonce="{{ n }}"{% endif %}>go()</script>', [], id="nonce in a block"
        ),
        pytest.param('<script type="application/ld+json">{}</script>', [], id="data"),
        pytest.param('<script src="/a.js"></script>', [], id="file"),
        pytest.param("<script> \n </script>", [], id="empty"),
        pytest.param("<script>'</scripture>'</script>", [(SCRIPT, 1, "script")], id="near end"),
        pytest.param("<style>a{}</style>", [(STYLE, 1, "style")], id="style"),
        pytest.param('<style nonce="x">a{}</style>', [], id="style with a nonce"),
        pytest.param("<style></style>", [], id="empty style"),
        pytest.param('<p\nclass="a"\nstyle="x:y">', [(ATTRIBUTE, 3, "p")], id="style attribute"),
        pytest.param('<p style="">', [], id="empty style attribute"),
        pytest.param("<p data-style='x:y' hx-on='a'>", [], id="other attributes"),
        pytest.param("<p onclick=go()>", [(HANDLER, 1, "onclick")], id="handler"),
        pytest.param('<body ONLOAD="go()">', [(HANDLER, 1, "onload")], id="handler in capitals"),
        pytest.param('<p onclick="" on="x">', [], id="no handler"),
        pytest.param('<a href="javascript:x()">', [(URL, 1, "href")], id="javascript"),
        pytest.param("<a href=' \tJavaScript:x()'>", [(URL, 1, "href")], id="javascript, spaced"),
        pytest.param('<form action="javascript:x()">', [(URL, 1, "action")], id="javascript form"),
        pytest.param('<a title="javascript:x()">', [], id="javascript in a text"),
        pytest.param('<img src="data:image/png;base64,A">', [(DATA, 1, "image")], id="data image"),
        pytest.param('<a href="data:text/plain,A">', [], id="data link"),
        pytest.param(
            '<p style="background: url(data:image/png,A)">',
            [(ATTRIBUTE, 1, "p"), (DATA, 1, "image or font")],
            id="data in a style attribute",
        ),
        pytest.param(
            "<i onclick=a()><i onclick=b()>", [(HANDLER, 1, "onclick")], id="one line once"
        ),
    ],
)
def test_inline_code_is_found(text, expected):
    """Code that needs 'unsafe-inline' is found on its line; code with a nonce is not."""
    assert found(text, template=True) == expected


# --- CSS ---


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ("a{background:url(https://cdn.example/a.png)}", "image or font"),
        ("a{background:URL( 'https://cdn.example/a.png' )}", "image or font"),
        ('@import "https://cdn.example/a.css";', "style"),
        ('@import url("https://cdn.example/a.css");', "style"),
    ],
)
def test_style_sheet_loads(text, loaded):
    """What a style sheet loads is found, with what it is."""
    assert loads(text, language="css") == [(CDN, loaded)]


@pytest.mark.parametrize(
    "text",
    [
        "a{background:url(/a.png)}",
        "/* a{background:url(https://cdn.example/a.png)} */",
        "/*! https://cdn.example */",
        "a{background:url(//)}",
        "/* never closed",
    ],
)
def test_style_sheet_without_origins(text):
    """Own files and comments are ignored."""
    assert found(text, language="css") == []


def test_data_in_a_style_sheet():
    """A data: address of a style sheet is found on its line."""
    text = "a{}\nb{background:url(\"Data:image/svg+xml,%3Csvg xmlns='http://www.w3.org'/%3E\")}"
    assert found(text, language="css") == [(DATA, 2, "image or font")]


# --- Scripts ---


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ('fetch("https://cdn.example/x")', "connection"),
        ("fetch(`https://cdn.example/${x}`)", "connection"),
        ("import a from 'https://cdn.example/a.js'", "script"),
        ("import 'https://cdn.example/a.js'", "script"),
        ("await import('https://cdn.example/a.js')", "script"),
        ("importScripts('https://cdn.example/a.js')", "script"),
        ("new EventSource('https://cdn.example/s')", "connection"),
        ("navigator.sendBeacon('https://cdn.example/b', x)", "connection"),
        ("axios.post('https://cdn.example/b', x)", "connection"),
        ("$.getJSON('https://cdn.example/b')", "connection"),
        ("$.ajax({url: 'https://cdn.example/b'})", "connection"),
        ("request.open('POST', 'https://cdn.example/b')", "connection"),
        ("image.src = 'https://cdn.example/p.gif'", "embedded"),
    ],
)
def test_script_that_fetches(text, loaded):
    """An address in a place that fetches is found."""
    assert loads(text, language="js") == [(CDN, loaded)]


@pytest.mark.parametrize(
    "text",
    [
        "const ns = 'http://www.w3.org/2000/svg'",
        "// see https://cdn.example",
        "fetch('/own')",
        "fetch(`https://${host}/x`)",
        "link.href = 'https://cdn.example/'",
        "fetch(   '//'   )",
    ],
)
def test_script_that_only_mentions(text):
    """An address that nothing fetches from gives nothing."""
    assert found(text, language="js") == []


def test_web_socket_is_a_connection():
    """A socket's origin keeps its own scheme."""
    assert loads("new WebSocket('wss://cdn.example/s')", language="js") == [
        ("wss://cdn.example", "connection")
    ]


# --- Hostile texts ---

HOSTILE = [
    pytest.param("<" * 400_000, id="less-than"),
    pytest.param("<a " * 150_000, id="unclosed tags"),
    pytest.param("<a b='" * 80_000, id="unclosed quotes"),
    pytest.param("<script>" * 60_000, id="unclosed scripts"),
    pytest.param("<!--" * 100_000, id="unclosed comments"),
    pytest.param("{{" * 200_000, id="unclosed expressions"),
    pytest.param("{#{%{{" * 80_000 + "}}", id="mixed marks"),
    pytest.param("<p " + "/ " * 200_000, id="slashes"),
    pytest.param("<p a" + " " * 400_000, id="spaces"),
    pytest.param("<style>" + "url(" + " " * 400_000, id="spaces in a style"),
    pytest.param("<style>" + "/*" * 200_000, id="comments in a style"),
    pytest.param('<img src="//' + "a" * 400_000 + '!">', id="long host"),
    pytest.param('<img srcset="' + "//a," * 100_000 + '">', id="long srcset"),
    pytest.param("<script>" + "fetch('//a')" * 30_000, id="many fetches"),
    pytest.param("<p style=x>" * 30_000, id="many findings on a line"),
    pytest.param("<p style=x>\n" * 30_000, id="many findings"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_cost_grows_with_the_text_alone(text):
    """Text made to be slow to read does not hang: in squares of its length it would take hours."""
    start = time.process_time()
    scan_text(text, file="x", template=True)
    assert time.process_time() - start < 60


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "script", "style", " src=", " on", "click=", '"', "'", "//a.b", "data:",
             "{{", "}}", "{%", "%}", "\n", "/", "</script>", "<!--", "-->", "url(", "\x00",
             "\ud800", "é"]
        )
    ).map("".join),
    st.sampled_from(["html", "css", "js"]),
    st.booleans(),
)  # fmt: skip
def test_any_text_can_be_looked_through(text, language, template):
    """No text raises; lines lie within the text and what is shown is printable."""
    for place in scan_text(text, file="x", language=language, template=template):
        assert 1 <= place.line <= text.count("\n") + 1
        assert place.subject.isprintable()


def test_terminal_is_not_steered():
    """Unprintable characters are replaced."""
    assert printable("a\x1b[2J\u202e\nb é") == "a?[2J??b é"
