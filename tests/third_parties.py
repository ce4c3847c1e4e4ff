"""
A page that tries every way a page has to talk to a third party, and the third party that counts.

Each way asks for a path of its own, so that the stranger knows by which way it was reached. Where
the browser stops one, the page notes it: a test waits for an outcome of each way, never for time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from flask import Flask, redirect
from werkzeug.wrappers import Request, Response

STRANGER = "stranger.test"
#: A host below the page's own, which nobody declared either.
BELOW = "img"


class Way(NamedTuple):
    """
    One way of talking to another origin.

    Args:
        code: Markup with ``{url}`` for the body, or the body of a script function of ``url``.
        kinds: What the policy calls it; each of these kinds admits it, and no other.
        cookie: Whether a browser that keeps third-party cookies sends them along.
        asked: Whether the page itself asks for that, so that nothing withholds them.
        answer: The type of what comes back.
        told_as: The directive, where the browser tells a page no more about what it stopped.
    """

    code: str
    kinds: str = ""
    cookie: bool = True
    asked: bool = False
    answer: str = "image/gif"
    told_as: str | None = None


MARKUP = {
    "image": Way('<img src="{url}">', "image"),
    "svg-image": Way('<svg><image href="{url}" width="1" height="1"/></svg>', "image"),
    "image-redirect": Way('<img src="/to/image-redirect">', "image"),
    "preload": Way('<link rel="preload" as="image" href="{url}">', "image"),
    # A prefetch may go wherever some other kind of fetch may.
    "prefetch": Way('<link rel="prefetch" href="{url}">', "script style image font frame connect"),
    "below": Way('<img src="{below}">'),
    "script": Way('<script src="{url}"></script>', "script", answer="text/javascript"),
    "script-with-cookies": Way(
        '<script src="{url}" crossorigin="use-credentials"></script>',
        "script",
        asked=True,
        answer="text/javascript",
    ),
    "stylesheet": Way('<link rel="stylesheet" href="{url}">', "style", answer="text/css"),
    "frame": Way('<iframe src="{url}"></iframe>', "frame", answer="text/html", told_as="frame-src"),
    "frame-redirect": Way(
        '<iframe src="/to/frame-redirect"></iframe>',
        "frame",
        answer="text/html",
        told_as="frame-src",
    ),
    "frame-without-cookies": Way(
        '<iframe credentialless src="{url}"></iframe>',
        "frame",
        False,
        answer="text/html",
        told_as="frame-src",
    ),
    "object": Way('<object data="{url}"></object>', told_as="object-src"),
    "embed": Way('<embed src="{url}">', told_as="object-src"),
    "video": Way('<video src="{url}" preload="auto"></video>', answer="video/webm"),
}
SCRIPTS = {
    "fetch": Way("fetch(url, {credentials: 'include'}).catch(() => {})", "connect"),
    "no-cors-fetch": Way(
        "fetch(url, {mode: 'no-cors', credentials: 'include'}).catch(() => {})", "connect"
    ),
    "worker-fetch": Way(
        "const worker = new Worker('/worker.js');"
        "worker.onmessage = () => stopped.push('worker-fetch');"
        "worker.postMessage(url)",
        "connect",
    ),
    "xhr": Way(
        "const xhr = new XMLHttpRequest(); xhr.open('POST', url); xhr.withCredentials = true;"
        "xhr.send('x')",
        "connect",
    ),
    "beacon": Way("navigator.sendBeacon(url, 'x')", "connect"),
    "event-source": Way(
        "new EventSource(url, {withCredentials: true})", "connect", answer="text/event-stream"
    ),
    "web-socket": Way("new WebSocket(url.replace('https:', 'wss:'))"),
    "ping": Way(
        "const link = document.createElement('a'); link.href = '#ping'; link.ping = url;"
        "document.body.append(link); link.click()",
        "connect",
    ),
    "import": Way("import(url).catch(() => {})", "script", False, answer="text/javascript"),
    "form": Way(
        "const form = document.createElement('form'); form.action = url; form.method = 'post';"
        "form.target = '_blank'; document.body.append(form); form.submit()",
        "form",
        answer="text/html",
    ),
    "blank-frame": Way(
        "const frame = document.createElement('iframe'); document.body.append(frame);"
        "watch(frame.contentDocument);"
        "const image = frame.contentDocument.createElement('img'); image.src = url;"
        "frame.contentDocument.body.append(image)",
        "image",
    ),
}
#: What the page's own stylesheet asks for.
STYLES = {
    "css-import": Way('@import url("{url}");', "style", answer="text/css"),
    "css-url": Way('body {{ background-image: url("{url}") }}', "image"),
    "font": Way(
        '@font-face {{ font-family: other; src: url("{url}") }} body {{ font-family: other }}',
        "font",
        False,
        answer="font/woff2",
    ),
}
WAYS = {**MARKUP, **SCRIPTS, **STYLES}

#: Stands in the head, so that it listens before anything is asked for.
_LISTENER = """
const stopped = [];
function watch(target) {
  target.addEventListener("securitypolicyviolation", (event) => {
    if (event.disposition === "enforce")
      stopped.push(new URL(event.blockedURI).pathname.split("/").pop() || event.effectiveDirective);
  });
}
watch(document);
"""
_WORKER = """
addEventListener("securitypolicyviolation", (event) => {
  if (event.disposition === "enforce") postMessage("stopped");
});
onmessage = (event) => fetch(event.data, {credentials: "include"}).catch(() => {});
"""


class Arrival(NamedTuple):
    """One request that reached the stranger: by which way, and whether it brought a cookie."""

    way: str
    cookie: bool


class Stranger:
    """
    A third party that admits everybody and sets a cookie with each answer.

    Attributes:
        arrivals: What reached it by one of the ways.
        found: By which ways the cookies came that a visit to itself brought.
    """

    def __init__(self):
        self.arrivals: set[Arrival] = set()
        self.found: set[str] = set()
        self._lock = threading.Lock()

    @Request.application
    def __call__(self, asked):
        """Answer a visit with the cookie that is owned then, and anything else as it wants."""
        name = asked.path.strip("/")
        if asked.method == "OPTIONS":
            answer = Response(status=204)
        elif name in WAYS:
            with self._lock:
                self.arrivals.add(Arrival(name, "owned" in asked.cookies))
            answer = Response("/* nothing */", mimetype=WAYS[name].answer)
            answer.set_cookie(f"by-{name}", "1", secure=True, samesite="None")
        else:
            self.found |= {key.removeprefix("by-") for key in asked.cookies} & WAYS.keys()
            answer = Response("<!doctype html><title>Stranger</title>", mimetype="text/html")
            answer.set_cookie("owned", "1", secure=True, samesite="None")
        answer.headers.update(
            {
                "Access-Control-Allow-Origin": asked.headers.get("Origin", "*"),
                "Access-Control-Allow-Credentials": "true",
                "Cache-Control": "no-store",
            }
        )
        return answer


def site(host: str, port: Callable[[], int]):
    """
    Make the application whose front page tries all the ways.

    Args:
        host: Its own name.
        port: Gives the port that all servers of the test share.
    """
    app = Flask(__name__, static_folder=None)
    app.secret_key = "k" * 32
    app.config["TRUSTED_HOSTS"] = [host]

    def url(way):
        owner = f"{BELOW}.{host}" if way == "below" else STRANGER
        return f"https://{owner}:{port()}/{way}"

    @app.get("/")
    def index():
        markup = [way.code.format(url=url(name), below=url(name)) for name, way in MARKUP.items()]
        return (
            '<!doctype html><meta charset="utf-8"><title>Ways</title>'
            '<script src="/listener.js"></script><link rel="stylesheet" href="/ways.css">'
            f'<p>Text</p>{"".join(markup)}<script src="/ways.js"></script>'
        )

    @app.get("/to/<way>")
    def lead_away(way):
        return redirect(url(way))

    @app.get("/<name>.js")
    def script(name):
        ways = "".join(f"((url) => {{ {way.code} }})('{url(n)}');" for n, way in SCRIPTS.items())
        text = {"listener": _LISTENER, "ways": ways, "worker": _WORKER}[name]
        return text, {"Content-Type": "text/javascript"}

    @app.get("/ways.css")
    def styles():
        text = "\n".join(way.code.format(url=url(name)) for name, way in STYLES.items())
        return text, {"Content-Type": "text/css"}

    return app
