"""The guard in Chromium: each way of storing, both ways, and what the site hears of it."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from flask import Flask, Response, render_template_string

from strict_cookies import CookiePolicy, StrictCookies
from strict_cookies.firewall.browser_reports import Report
from strict_cookies.http.presets import CLOSED_CSP
from tests.policies import declare, keep
from tests.serving import serve

pytestmark = pytest.mark.browser

POLICY = CookiePolicy(
    cookies=(
        declare("theme", script_readable=True),
        declare("panel_*", script_readable=True),
        declare("panel_secret"),
        declare("server_only"),
    ),
    storage=(
        keep("draft"),
        keep("draft:*"),
        keep("tab", kind="session", lifetime=None),
        keep("orders", kind="indexeddb"),
        keep("pages-*", kind="cache"),
    ),
)
#: What lets a site's pages frame each other.
FRAMEABLE = {
    "frame_options": "SAMEORIGIN",
    "content_security_policy": {**CLOSED_CSP, "frame-ancestors": "'self'"},
}
#: How long a report may take to arrive, in seconds.
PATIENCE = 10

OPEN_DATABASE = """(name) => new Promise((resolve) => {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("rows");
  request.onsuccess = () => { request.result.close(); resolve("opened"); };
  request.onerror = () => resolve(request.error.name);
})"""
HAS_DATABASE = "async (name) => (await indexedDB.databases()).some((one) => one.name == name)"
OPEN_CACHE = "(name) => caches.open(name).then(() => 'opened', (error) => error.name)"
EMPTY = """async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const name of await caches.keys()) await caches.delete(name);
  for (const { name } of await indexedDB.databases())
    await new Promise((resolve) => { indexedDB.deleteDatabase(name).onsuccess = resolve; });
}"""
HAS_COOKIE = "(name) => document.cookie.split('; ').includes(`${name}=1`)"


class Way(NamedTuple):
    """One way of storing: what does it, what tells that it is there, and names to try."""

    kind: str
    write: str
    has: str
    declared: str
    undeclared: str


def way(kind, write, declared, undeclared):
    has = {
        "cookie": HAS_COOKIE,
        "local": "(name) => localStorage.getItem(name) === '1'",
        "session": "(name) => sessionStorage.getItem(name) === '1'",
        "indexeddb": HAS_DATABASE,
        "cache": "(name) => caches.has(name)",
    }[kind]
    return Way(kind, write, has, declared, undeclared)


WAYS = {
    "document.cookie": way("cookie", "(n) => { document.cookie = `${n}=1` }", "theme", "_ga"),
    "document.cookie with spaces": way(
        "cookie", "(n) => { document.cookie = ` ${n} = 1 ; path=/`; }", "panel_left", "ga"
    ),
    "document.cookie by its setter": way(
        "cookie",
        "(n) => Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').set"
        ".call(document, `${n}=1`)",
        "theme",
        "panel_secret",
    ),
    "cookieStore.set with two texts": way(
        "cookie", "(n) => cookieStore.set(n, '1')", "theme", "server_only"
    ),
    "cookieStore.set with options": way(
        "cookie", "(n) => cookieStore.set({ name: n, value: '1' })", "panel_x", "panelx"
    ),
    "localStorage.setItem": way("local", "(n) => localStorage.setItem(n, '1')", "draft", "tab"),
    "localStorage by property": way("local", "(n) => { localStorage[n] = 1 }", "draft:1", "draft1"),
    "localStorage by Object.assign": way(
        "local", "(n) => { Object.assign(localStorage, { [n]: 1 }); }", "draft", "amplitude_1"
    ),
    "localStorage by the prototype": way(
        "local", "(n) => Storage.prototype.setItem.call(localStorage, n, 1)", "draft", "Draft"
    ),
    "localStorage by a kept reference": way(
        "local", "(n) => { const kept = localStorage; kept[n] = '1'; }", "draft", "x"
    ),
    "localStorage behind a wrapped method": way(
        "local",
        "(n) => { const old = Storage.prototype.setItem;"
        " Storage.prototype.setItem = function (k, v) { return old.apply(this, [k, v]); };"
        " localStorage.setItem(n, '1'); }",
        "draft",
        "y",
    ),
    "sessionStorage.setItem": way(
        "session", "(n) => sessionStorage.setItem(n, '1')", "tab", "draft"
    ),
    "sessionStorage by property": way(
        "session", "(n) => { sessionStorage[n] = 1; }", "tab", "length"
    ),
    "sessionStorage by the prototype": way(
        "session", "(n) => Storage.prototype.setItem.call(sessionStorage, n, 1)", "tab", "draft:1"
    ),
    "indexedDB.open": way("indexeddb", OPEN_DATABASE, "orders", "order"),
    "indexedDB by the prototype": way(
        "indexeddb",
        OPEN_DATABASE.replace("indexedDB.open(", "IDBFactory.prototype.open.call(indexedDB, "),
        "orders",
        "orders2",
    ),
    "caches.open": way("cache", OPEN_CACHE, "pages-v1", "pages"),
    "caches by the prototype": way(
        "cache",
        OPEN_CACHE.replace("caches.open(", "CacheStorage.prototype.open.call(caches, "),
        "pages-",
        "images",
    ),
}


class Site(NamedTuple):
    """A page with the guard, open in a browser."""

    app: Flask
    page: object
    console: list
    url: str

    def run(self, way, name):
        """Let a script of the page try to store something; give what it got for an answer."""
        return self.page.evaluate(way.write, name)

    def has(self, way, name):
        """Ask the browser whether it is there."""
        return self.page.evaluate(way.has, name)

    def empty(self):
        """Take away all that the site has stored."""
        self.page.context.clear_cookies()
        self.page.evaluate(EMPTY)

    @property
    def counts(self):
        """What was reported so far."""
        return self.app.extensions["strict_cookies"].reports.counts

    def hears(self, row):
        """Wait until something was reported; give how often."""
        end = time.monotonic() + PATIENCE
        while row not in self.counts and time.monotonic() < end:
            self.page.wait_for_timeout(20)
        return self.counts.get(row)


@pytest.fixture
def open_site(chromium):
    """Return a function that serves a site and opens its page with an empty profile."""
    with ExitStack() as stack:

        def opened(*, mode="enforce", erase=False, script="", before=None, talisman=None):
            app = Flask(__name__)
            app.config.update(
                SECRET_KEY="k" * 32,
                STRICT_COOKIES_POLICY=POLICY,
                STRICT_COOKIES_MODE=mode,
                STRICT_COOKIES_HEADERS=talisman or {},
            )

            @app.get("/")
            def index():
                return render_template_string(
                    "<!doctype html><head>{{ strict_cookies_guard(erase=erase) }}"
                    "<script src=/writer.js?user=7></script></head><title>x</title>",
                    erase=erase,
                )

            @app.get("/bare")
            def bare():
                return "<!doctype html><title>x</title>"

            @app.get("/writer.js")
            def writer():
                return Response(script, content_type="text/javascript")

            @app.get("/favicon.ico")
            def icon():
                return "", 204

            StrictCookies(app)
            server = stack.enter_context(serve(app))
            context = chromium.new_context()
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE * 1000)
            page = context.new_page()
            console = []
            page.on("console", lambda message: console.append((message.type, message.text)))
            page.on("pageerror", lambda error: console.append(("error", str(error))))
            if before:
                page.goto(server.url("localhost", "/bare"))
                page.evaluate(before)
            page.goto(server.url("localhost"))
            return Site(app, page, console, server.url("localhost", ""))

        yield opened


# --- Each way, both ways ---


def test_declared_names_are_stored_by_each_way(open_site):
    """What is declared is stored as if there were no guard, without a word to anyone."""
    site = open_site()
    stored = {}
    for label, way in WAYS.items():
        site.empty()
        site.run(way, way.declared)
        stored[label] = site.has(way, way.declared)
    assert stored == dict.fromkeys(WAYS, True)
    assert site.console == []
    assert site.counts == {}


def test_undeclared_names_are_stored_by_no_way(open_site):
    """What is not declared is not stored, whichever way a script takes; nothing is thrown."""
    site = open_site()
    answers = {label: site.run(way, way.undeclared) for label, way in WAYS.items()}
    found = {label: site.has(way, way.undeclared) for label, way in WAYS.items()}
    assert found == dict.fromkeys(WAYS, False)
    for label, answer in answers.items():
        expected = {"indexeddb": "AbortError", "cache": "SecurityError"}.get(WAYS[label].kind)
        assert (label, answer) == (label, expected)
    state = site.page.context.storage_state(indexed_db=True)
    assert (state["cookies"], state["origins"]) == ([], [])
    assert {kind for kind, _ in site.console} == {"warning"}


def test_report_only_lets_pass_and_reports(open_site):
    """In report-only mode every write passes, and the site hears of those that would not."""
    site = open_site(mode="report-only")
    stored = {}
    for label, way in WAYS.items():
        site.empty()
        # Reading back "length" gives the number of items.
        name = "other" if way.undeclared == "length" else way.undeclared
        site.run(way, name)
        stored[label] = site.has(way, name)
    assert stored == dict.fromkeys(WAYS, True)
    assert site.hears(Report("guard", "cookie", "inline", "_ga")) == 1
    assert site.hears(Report("guard", "cache", "inline", "other")) >= 1


# --- What is told ---


def test_console_says_what_to_do(open_site):
    """A developer reads which script wrote which name, where, and what to do."""
    site = open_site(script="\n  localStorage.visitor_id = 'secret-value';")
    assert site.console == [
        (
            "warning",
            'Strict Cookies: declare local "visitor_id" in cookies.toml, or stop it: '
            f"{site.url}/writer.js?user=7:2:27",
        )
    ]


def test_report_names_the_script_and_no_query(open_site):
    """The site hears of the kind, the script's path and a name that the catalogue knows."""
    site = open_site(script="document.cookie = '_ga=GA1.2.3'; localStorage.mine = 1;")
    assert site.hears(Report("guard", "cookie", "/writer.js", "_ga")) == 1
    assert site.hears(Report("guard", "local", "/writer.js", "other")) == 1
    assert len(site.counts) == 2


def test_report_carries_no_value_and_no_fragment(open_site):
    """What goes over the wire has the name and the script's address, and no value."""
    site = open_site(script="localStorage.setItem('who', 'value-secret');")
    sent = []
    site.page.on("request", lambda request: sent.append((request.url, request.post_data)))
    site.page.goto(f"{site.url}/?query-secret#fragment-secret")
    site.page.evaluate("() => { document.cookie = 'me=value-secret'; }")
    assert site.hears(Report("guard", "cookie", "inline", "other")) == 1
    posted = [text for url, text in sent if url.endswith("/cookies/reports")]
    assert len(posted) == 2
    assert "-secret" not in "".join(posted)


def test_hundreds_of_writes_do_not_flood(open_site):
    """A script that writes again and again is told of once, and a page tells of twenty at most."""
    site = open_site()
    sent = []
    site.page.on("request", lambda request: sent.append(request.url))
    site.page.evaluate("() => { for (let i = 0; i < 500; i++) localStorage.setItem('same', i); }")
    assert site.hears(Report("guard", "local", "inline", "other")) == 1
    assert len(site.console) == 1
    site.page.evaluate(
        "async () => { for (let i = 0; i < 500; i++) { localStorage[`n${i}`] = i;"
        " if (i % 50 == 0) await null; } }"
    )
    site.page.wait_for_load_state("networkidle")
    assert len(site.console) == 20
    assert 2 <= len(sent) <= 20
    assert site.page.evaluate("() => localStorage.length") == 0


def test_write_before_leaving_the_page_is_reported(open_site):
    """A report survives the navigation that follows at once."""
    site = open_site(script="document.cookie = '_fbp=1'; location.href = '/bare';")
    assert site.hears(Report("guard", "cookie", "/writer.js", "_fbp")) == 1


def test_page_stays_free_of_errors(open_site):
    """The closed Content-Security-Policy lets the guard and its reports pass."""
    site = open_site(script="localStorage.x = 1;")
    assert site.hears(Report("guard", "local", "/writer.js", "other")) == 1
    assert [text for kind, text in site.console if kind == "error"] == []


def test_guard_and_reports_touch_no_session(open_site):
    """Neither the script nor a report is answered with a cookie."""
    site = open_site(script="localStorage.x = 1;")
    assert site.hears(Report("guard", "local", "/writer.js", "other")) == 1
    assert site.page.context.cookies() == []


# --- What still works ---


@pytest.mark.parametrize(
    "deletion",
    [
        pytest.param("document.cookie = '_ga=; max-age=0; path=/'", id="max-age 0"),
        pytest.param("document.cookie = '_ga=; Max-Age=-1'", id="negative max-age"),
        pytest.param(
            "document.cookie = '_ga=;expires=Thu, 01 Jan 1970 00:00:00 GMT'", id="expires"
        ),
        pytest.param("cookieStore.delete('_ga')", id="cookieStore.delete"),
    ],
)
def test_cookie_can_be_deleted(open_site, deletion):
    """Deleting is no writing: a script may always tidy up."""
    site = open_site(before="() => { document.cookie = '_ga=1'; document.cookie = 'x=1'; }")
    site.page.evaluate(f"async () => {{ await ({deletion}); }}")
    assert site.page.evaluate("() => document.cookie") == "x=1"
    assert site.console == []


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param("_ga=1; max-age=10; expires=Thu, 01 Jan 1970 00:00:00 GMT", id="age wins"),
        pytest.param("_ga=1; expires=soon", id="no date"),
        pytest.param("_ga=1; max-age=", id="no age"),
        pytest.param("_ga=max-age=0", id="in the value"),
        pytest.param("=theme", id="no name"),
        pytest.param("theme", id="nameless value"),
    ],
)
def test_what_only_looks_like_a_deletion_is_refused(open_site, refused):
    """The guard reads attributes as a browser does."""
    site = open_site()
    site.page.evaluate("(line) => { document.cookie = line; }", refused)
    assert site.page.context.cookies() == []


def test_storage_behaves_as_before(open_site):
    """Whatever else scripts do with a Storage works through the guard."""
    site = open_site(before="() => { localStorage.old = '5'; }")
    assert site.page.evaluate(
        """() => {
      localStorage.draft = 7;
      const seen = {
        same: localStorage === localStorage && localStorage !== sessionStorage,
        kind: localStorage instanceof Storage && String(localStorage),
        keys: Object.keys(localStorage).sort(),
        get: [localStorage.draft, localStorage["old"], localStorage.getItem("draft")],
        none: [localStorage.none, localStorage.getItem("none")],
        length: localStorage.length,
        key: ["draft", "old"].includes(localStorage.key(0)),
        has: ["draft" in localStorage, localStorage.hasOwnProperty("none")],
        native: Storage.prototype.getItem.call(localStorage, "old"),
        json: JSON.parse(JSON.stringify(localStorage)),
      };
      delete localStorage.old;
      localStorage.removeItem("draft");
      localStorage[Symbol.for("mark")] = 1;
      seen.left = localStorage.length;
      sessionStorage.setItem("tab", 1);
      sessionStorage.clear();
      seen.cleared = sessionStorage.length;
      return seen;
    }"""
    ) == {
        "same": True,
        "kind": "[object Storage]",
        "keys": ["draft", "old"],
        "get": ["7", "5", "7"],
        "none": [None, None],
        "length": 2,
        "key": True,
        "has": [True, False],
        "native": "5",
        "json": {"draft": "7", "old": "5"},
        "left": 0,
        "cleared": 0,
    }
    assert site.console == []


def test_storage_events_behave_as_before(open_site):
    """Events name the same Storage that scripts see, can be made, and their class extended."""
    site = open_site()
    other = site.page.context.new_page()
    other.goto(site.url)
    site.page.evaluate(
        "() => { window.seen = []; addEventListener('storage', (event) => seen.push("
        "[event.key, event.newValue, event.storageArea === localStorage])); }"
    )
    other.evaluate("() => { localStorage.draft = 'there'; }")
    site.page.wait_for_function("() => seen.length == 1")
    assert site.page.evaluate(
        """() => {
      class Own extends StorageEvent {}
      dispatchEvent(new StorageEvent("storage", { key: "a", storageArea: localStorage }));
      dispatchEvent(new StorageEvent("storage"));
      const own = new Own("storage", { key: "b", storageArea: sessionStorage });
      return [seen, own instanceof Own, own.storageArea === sessionStorage];
    }"""
    ) == [[["draft", "there", True], ["a", None, True], [None, None, False]], True, True]


def test_existing_data_can_be_read(open_site):
    """What is there already under other names stays and is read, until somebody erases it."""
    site = open_site(before="() => { localStorage.legacy = 'kept'; document.cookie = 'old=1'; }")
    assert site.page.evaluate("() => [localStorage.legacy, document.cookie]") == ["kept", "old=1"]


def test_refused_database_leaves_the_existing_one_alone(open_site):
    """Opening an undeclared database fails without changing what it holds."""
    site = open_site(before=f"() => ({OPEN_DATABASE})('legacy')")
    assert site.page.evaluate(OPEN_DATABASE, "legacy") == "AbortError"
    assert site.page.evaluate("async () => (await indexedDB.databases())") == [
        {"name": "legacy", "version": 1}
    ]


def test_database_can_be_deleted(open_site):
    """Deleting databases and caches passes."""
    site = open_site(
        before=f"async () => {{ await ({OPEN_DATABASE})('old'); await caches.open('o'); }}"
    )
    site.page.evaluate(
        "() => new Promise((resolve) => { indexedDB.deleteDatabase('old').onsuccess = resolve; })"
    )
    site.page.evaluate("() => caches.delete('o')")
    left = site.page.evaluate("async () => [await indexedDB.databases(), await caches.keys()]")
    assert left == [[], []]


def test_refused_database_runs_no_upgrade(open_site):
    """The application's own upgrade never meets a half-open database, and nothing is thrown."""
    site = open_site()
    assert site.page.evaluate(
        """() => new Promise((resolve) => {
      const seen = [];
      const request = indexedDB.open("stray", 3);
      for (const type of ["upgradeneeded", "success", "blocked"])
        request.addEventListener(type, () => seen.push(type));
      request.onerror = (event) => resolve([seen, event.type, request.readyState]);
    })"""
    ) == [[], "error", "done"]
    assert [text for kind, text in site.console if kind == "error"] == []


def test_guard_twice_on_a_page_is_the_guard_once(open_site):
    """A page that loads it twice works, and tells of each write once."""
    site = open_site()
    site.page.add_script_tag(url=site.page.evaluate("() => document.scripts[0].src"))
    site.page.evaluate("() => { localStorage.draft = 1; localStorage.stray = 1; }")
    assert site.page.evaluate("() => ({ ...localStorage })") == {"draft": "1"}
    assert site.hears(Report("guard", "local", "inline", "other")) == 1
    assert len(site.console) == 1


# --- Erasing ---

PLANT = f"""async () => {{
  for (const storage of [localStorage, sessionStorage])
    for (const name of ["draft", "draft:9", "tab", "stray"]) storage.setItem(name, "1");
  for (const name of ["orders", "stray"]) await ({OPEN_DATABASE})(name);
  for (const name of ["pages-1", "stray"]) await caches.open(name);
  document.cookie = "stray=1";
}}"""
LEFT = """async () => ({
  local: Object.keys(localStorage).sort(),
  session: Object.keys(sessionStorage).sort(),
  databases: (await indexedDB.databases()).map(({ name }) => name).sort(),
  caches: (await caches.keys()).sort(),
  cookies: document.cookie,
})"""
EVERYTHING = {
    "local": ["draft", "draft:9", "stray", "tab"],
    "session": ["draft", "draft:9", "stray", "tab"],
    "databases": ["orders", "stray"],
    "caches": ["pages-1", "stray"],
    "cookies": "stray=1",
}


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="by default"),
        pytest.param({"erase": True, "mode": "report-only"}, id="report-only"),
    ],
)
def test_nothing_is_erased_unasked(open_site, options):
    """What is there stays there where the site did not choose otherwise, or only tries."""
    site = open_site(before=PLANT, **options)
    site.page.wait_for_load_state("networkidle")
    assert site.page.evaluate(LEFT) == EVERYTHING


def test_undeclared_storage_is_erased_by_choice(open_site):
    """By choice, undeclared web storage goes and declared stays; cookies are for the server."""
    site = open_site(before=PLANT, erase=True)
    site.page.wait_for_function("async () => (await caches.keys()).length == 1")
    site.page.wait_for_function("async () => (await indexedDB.databases()).length == 1")
    assert site.page.evaluate(LEFT) == {
        "local": ["draft", "draft:9"],
        "session": ["tab"],
        "databases": ["orders"],
        "caches": ["pages-1"],
        "cookies": "stray=1",
    }
    assert site.console == []


# --- What it cannot see: the docs name each of these ---


@pytest.mark.parametrize(
    "escape",
    [
        pytest.param(
            """async () => {
              const frame = document.body.appendChild(document.createElement("iframe"));
              frame.contentWindow.localStorage.setItem("stray", "1");
            }""",
            id="empty frame",
        ),
        pytest.param(
            "async () => { Object.defineProperty(localStorage, 'stray', { value: '1' }); }",
            id="defineProperty",
        ),
    ],
)
def test_ways_around_the_guard(open_site, escape):
    """The guard stops accidents: whoever looks for another way finds one."""
    site = open_site()
    site.page.evaluate(escape)
    assert site.page.evaluate("() => localStorage.stray") == "1"


def test_workers_are_not_guarded(open_site):
    """A worker opens databases and caches of its own."""
    site = open_site(
        script="""
        if (typeof document === "undefined")
          caches.open("stray").then(() => postMessage("opened"));
        """
    )
    site.page.evaluate(
        "() => new Promise((resolve) => { new Worker('/writer.js').onmessage = resolve; })"
    )
    assert site.page.evaluate("() => caches.keys()") == ["stray"]


def test_framed_page_of_the_site_has_a_guard_of_its_own(open_site):
    """A frame's page that loads the guard is guarded too, and may be written to from outside."""
    site = open_site(
        script="if (parent != self) localStorage.setItem('stray', '1');", talisman=FRAMEABLE
    )
    site.page.evaluate(
        """() => new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.onload = resolve;
      frame.src = "/?framed";
      document.body.append(frame);
    })"""
    )
    assert site.hears(Report("guard", "local", "/writer.js", "other")) == 1
    assert site.page.evaluate(
        """() => {
      const inner = document.querySelector("iframe").contentWindow;
      inner.localStorage.draft = "1";
      inner.localStorage.stray = "1";
      Storage.prototype.setItem.call(inner.localStorage, "stray", "1");
      return { ...localStorage };
    }"""
    ) == {"draft": "1"}
