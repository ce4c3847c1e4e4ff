"""
Find what the default Content-Security-Policy blocks in HTML, CSS and JavaScript.

The text is untrusted: it is scanned in one pass, in linear time. Only the origin of a URL is kept,
since the rest may contain a key.

Source: HTML Standard section 13.2.5 for tags and attributes; CSP Level 3 sections 6.1 and 6.7.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from .._util.text import printable

if TYPE_CHECKING:
    from .sources import Language

#: Placeholder for a Jinja expression; no ordinary text contains it.
_UNKNOWN = "\x1a"
_JINJA = {"{{": ("}}", _UNKNOWN), "{%": ("%}", " "), "{#": ("#}", " ")}
_CSS_COMMENT = {"/*": ("*/", " ")}

_TAG = re.compile(r"<(?:(!--)|([a-zA-Z][^\s/>]*))", re.ASCII)
_ATTRIBUTE = re.compile(
    r"""[\s/]*([^\s/>][^\s/>=]*)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s>]*))?""", re.ASCII
)
_TAG_END = re.compile(r"[\s/]*>", re.ASCII)
#: Elements whose content is text, up to their own end tag.
_TEXT_ELEMENTS = {
    name: re.compile(rf"</{name}(?=[\s/>]|\Z)", re.ASCII | re.IGNORECASE)
    for name in ("script", "style", "textarea", "title")
}
_HANDLER = re.compile(r"on[a-z]{3,}")
_URL = re.compile(r"(?:(https?|wss?):)?//([^\s/?#\\\"'`<>(){}|^]{1,255})", re.ASCII | re.IGNORECASE)
_SRCSET_URL = re.compile(rf"""(?<=[\s,"'=]){_URL.pattern}""", re.ASCII | re.IGNORECASE)
_HOST = re.compile(rf"(?=.*[a-z0-9{_UNKNOWN}])[a-z0-9.\-\[\]:_{_UNKNOWN}]+")
_CSS_URL = re.compile(
    r"""(?:url\(\s*(?:["']\s*)?|@import\s+["']\s*)(?=data:|(?:https?:)?//)""",
    re.ASCII | re.IGNORECASE,
)
_CSS_IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?\s*$""", re.ASCII)
_QUOTE = re.compile(r"""["'`](?=(?:(?:https?|wss?):)?//)""", re.ASCII | re.IGNORECASE)
#: JavaScript before a quoted URL that is fetched; the group says what is fetched.
_BEFORE_FETCH = re.compile(
    r"""(?:
      \b(?P<script>import|importScripts|Worker|SharedWorker|getScript)\s*\(\s*
    | \b(?:import|from)\s*
    | \b(?P<connection>fetch|sendBeacon|WebSocket|EventSource|Request|axios)\s*\(\s*
    | \.(?:get|post|put|patch|delete|ajax|getJSON|load|request)\s*\(\s*
    | \.open\s*\(\s*["'`][A-Za-z]+["'`]\s*,\s*
    | \b(?:url|baseURL)["']?\s*:\s*
    | \.(?P<embedded>src|srcset|action)\s*=\s*
    )$""",
    re.ASCII | re.VERBOSE,
)
#: Characters that a browser strips from the start of a URL, without the placeholder.
_SKIPPED = "".join(map(chr, range(0x1A))) + " "
#: How far back :data:`_BEFORE_FETCH` is searched, in characters.
_LOOK_BACK = 80

#: Attributes that make a browser load something, by element, with what is loaded.
_LOADING = {
    ("audio", "src"): "media",
    ("base", "href"): "base",
    ("button", "formaction"): "form",
    ("embed", "src"): "plug-in",
    ("form", "action"): "form",
    ("frame", "src"): "frame",
    ("iframe", "src"): "frame",
    ("image", "href"): "image",
    ("image", "xlink:href"): "image",
    ("img", "src"): "image",
    ("img", "srcset"): "image",
    ("input", "formaction"): "form",
    ("input", "src"): "image",
    ("link", "href"): "link",
    ("object", "data"): "plug-in",
    ("script", "src"): "script",
    ("source", "src"): "media",
    ("source", "srcset"): "image",
    ("track", "src"): "media",
    ("use", "href"): "image",
    ("use", "xlink:href"): "image",
    ("video", "poster"): "image",
    ("video", "src"): "media",
}
_NAVIGATING = frozenset({"href", "xlink:href", "src", "action", "formaction", "data"})
#: Link relations for which a browser loads nothing.
_NOT_LOADED = frozenset(
    {
        *("alternate", "author", "bookmark", "canonical", "help", "license", "me", "next"),
        *("pingback", "prev", "privacy-policy", "search", "shortlink", "terms-of-service"),
    }
)
#: Script types that a browser runs, in addition to those that name JavaScript.
_RUN = frozenset({"", "module", "importmap", "speculationrules"})


class ViolationKind(Enum):
    """
    What the default Content-Security-Policy blocks.

    Attributes:
        title: In a few words.
        remedy: What to do, in a sentence or two. Lines that begin with four spaces are code.
    """

    EXTERNAL = (
        "External origins",
        "Remove trackers. Copy other files into your static directory and link them with "
        "url_for('static', ...). If the site truly needs an origin, declare it in cookies.toml, "
        "together with its [[recipient]]:\n"
        "    [[external_origin]]\n"
        '    origin = "https://..."\n'
        '    kinds = ["image"]\n'
        '    reason = "..."\n'
        '    recipient = "..."',
    )
    DATA = (
        "data: URLs",
        "Save the image or font as a file in your static directory and link that.",
    )
    SCRIPT = (
        "Inline scripts",
        "Move the code to a file in your static directory, or give it a nonce in the template:\n"
        '    <script nonce="{{ csp_nonce() }}">',
    )
    STYLE = (
        "Inline style elements",
        "Move the rules to a file in your static directory, or give them a nonce in the template:\n"
        '    <style nonce="{{ csp_nonce() }}">',
    )
    STYLE_ATTRIBUTE = (
        "style= attributes",
        "Give the element a class and move the rules to a style sheet; a nonce does not help here.",
    )
    HANDLER = (
        "on...= event handlers",
        "Move the code to a script file and call addEventListener; a nonce does not help here.",
    )
    JAVASCRIPT_URL = (
        "javascript: URLs",
        "Use a button and addEventListener in a script file; a nonce does not help here.",
    )

    title: str
    remedy: str

    def __init__(self, title: str, remedy: str) -> None:
        self.title = title
        self.remedy = remedy


class Violation(NamedTuple):
    """
    One place in a file that the default Content-Security-Policy blocks.

    Attributes:
        kind: What is blocked.
        file: Path relative to the application's directory, or absolute if it is outside.
        line: Counted from 1.
        subject: The origin, tag or attribute; printable.
        loaded: What would be loaded from an external origin; empty for the other kinds.
    """

    kind: ViolationKind
    file: str
    line: int
    subject: str
    loaded: str = ""


def scan_text(
    text: str,
    *,
    file: str,
    language: Language = "html",
    template: bool = False,
    own_host: str = "",
) -> list[Violation]:
    """
    Find the violations in one text.

    Args:
        text: Any text, well-formed or not.
        file: For :attr:`Violation.file`.
        language: The language of the text.
        template: Whether Jinja renders it.
        own_host: The application's host and port, which are not external.

    Returns:
        By line, without duplicates.
    """
    masked = _mask(text, _JINJA) if template else text
    scanner = _Scanner(text, masked, file, own_host.lower())
    scanner.scan(language, 0, len(masked))
    return sorted(dict.fromkeys(scanner.violations), key=lambda violation: violation.line)


class _Scanner:
    """Scan one text. Its masked copy has the same offsets."""

    def __init__(self, text: str, masked: str, file: str, own_host: str) -> None:
        self.violations: list[Violation] = []
        self._text = text
        self._masked = masked
        self._file = file
        self._own_host = own_host
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def scan(self, language: Language, start: int, end: int) -> None:
        """Scan a part that is written in one language."""
        {"html": self._html, "css": self._css, "js": self._js}[language](start, end)

    def _add(self, kind: ViolationKind, offset: int, subject: str, loaded: str = "") -> None:
        line = bisect_right(self._breaks, offset - 1) + 1
        self.violations.append(Violation(kind, self._file, line, printable(subject), loaded))

    def _html(self, start: int, end: int) -> None:
        text = self._masked
        while (tag := _TAG.search(text, start, end)) is not None:
            start = tag.end()
            if tag[1]:
                start = text.find("-->", start, end) + 3
                if start == 2:
                    return
                continue
            name = tag[2].lower()
            attributes: dict[str, tuple[int, str]] = {}
            while (match := _ATTRIBUTE.match(text, start, end)) is not None:
                start = match.end()
                value = match[2] or ""
                quoted = value[:1] in ('"', "'") and value[-1:] == value[:1] and len(value) > 1
                at = match.start(2) + quoted if match[2] else match.start(1)
                attributes.setdefault(match[1].lower(), (at, value[1:-1] if quoted else value))
            close = _TAG_END.match(text, start, end)
            if close is None:
                # A browser drops an unfinished tag at the end of the file.
                return
            start = close.end()
            self._tag(name, attributes)
            if name in _TEXT_ELEMENTS:
                end_tag = _TEXT_ELEMENTS[name].search(text, start, end)
                content_end = end_tag.start() if end_tag else end
                self._content(name, tag.start(), attributes, start, content_end)
                start = content_end

    def _tag(self, name: str, attributes: dict[str, tuple[int, str]]) -> None:
        for attribute, (offset, value) in attributes.items():
            if attribute == "style" and value.strip():
                self._add(ViolationKind.STYLE_ATTRIBUTE, offset, name)
                self._css(offset, offset + len(value))
            elif _HANDLER.fullmatch(attribute) and value.strip():
                self._add(ViolationKind.HANDLER, offset, attribute)
            elif attribute in _NAVIGATING and _scheme_is(value, "javascript:"):
                self._add(ViolationKind.JAVASCRIPT_URL, offset, attribute)
            loaded = _LOADING.get((name, attribute))
            if loaded is None or (name == "link" and not _is_loaded(attributes)):
                continue
            if name == "link" and "stylesheet" in attributes.get("rel", (0, ""))[1].lower():
                loaded = "style"
            if loaded != "form" and _scheme_is(value, "data:"):
                self._add(ViolationKind.DATA, offset, loaded)
            first, end = offset + len(value) - len(value.lstrip()), offset + len(value)
            if attribute == "srcset":
                for match in _SRCSET_URL.finditer(self._masked, offset, end):
                    self._origin(match, loaded)
            elif single := _URL.match(self._masked, first, end):
                self._origin(single, loaded)

    def _content(
        self, name: str, at: int, attributes: dict[str, tuple[int, str]], start: int, end: int
    ) -> None:
        if name not in ("script", "style") or not self._masked[start:end].strip():
            return
        # An attribute written by Jinja may be the nonce.
        has_nonce = bool(attributes.get("nonce", (0, ""))[1].strip())
        has_nonce = has_nonce or any(_UNKNOWN in attribute for attribute in attributes)
        if name == "style":
            if not has_nonce:
                self._add(ViolationKind.STYLE, at, "style")
            self._css(start, end)
        elif "src" not in attributes and _is_run(attributes.get("type", (0, ""))[1]):
            if not has_nonce:
                self._add(ViolationKind.SCRIPT, at, "script")
            self._js(start, end)

    def _css(self, start: int, end: int) -> None:
        text = _mask(self._masked[start:end], _CSS_COMMENT)
        for match in _CSS_URL.finditer(text):
            at = start + match.end()
            before = text[max(0, match.start() - _LOOK_BACK) : match.end()].lower()
            is_import = _CSS_IMPORT.search(before) is not None
            loaded = "style" if is_import else "image or font"
            if self._masked[at : at + 5].lower() == "data:":
                self._add(ViolationKind.DATA, at, loaded)
            elif url := _URL.match(self._masked, at, end):
                self._origin(url, loaded)

    def _js(self, start: int, end: int) -> None:
        for quote in _QUOTE.finditer(self._masked, start, end):
            before = self._masked[max(start, quote.start() - _LOOK_BACK) : quote.start()]
            context = _BEFORE_FETCH.search(before)
            url = _URL.match(self._masked, quote.end(), end)
            if context is not None and url is not None:
                script = context["script"] or before.rstrip().endswith(("import", "from"))
                embedded = "embedded" if context["embedded"] else "connection"
                self._origin(url, "script" if script else embedded)

    def _origin(self, match: re.Match[str], loaded: str) -> None:
        """Add an origin unless it is the application's own; user names and paths are stripped."""
        host = match[2].rpartition("@")[2]
        if not _HOST.fullmatch(host.lower()) or host.lower() == self._own_host:
            return
        start = match.end(2) - len(host)
        shown = self._text[start : match.end(2)] if _UNKNOWN in host else host.lower()
        scheme = f"{match[1].lower()}:" if match[1] else ""
        self._add(ViolationKind.EXTERNAL, match.start(), f"{scheme}//{shown}", loaded)


def _scheme_is(value: str, scheme: str) -> bool:
    """Return whether a browser reads this scheme; it ignores leading controls and spaces."""
    return value[: len(scheme) + 64].lstrip(_SKIPPED)[: len(scheme)].lower() == scheme


def _is_loaded(attributes: dict[str, tuple[int, str]]) -> bool:
    relations = attributes.get("rel", (0, ""))[1].lower().split()
    return not relations or not _NOT_LOADED.issuperset(relations)


def _is_run(kind: str) -> bool:
    kind = kind.strip().lower()
    return kind in _RUN or "javascript" in kind or "ecmascript" in kind or _UNKNOWN in kind


def _mask(text: str, marks: dict[str, tuple[str, str]]) -> str:
    """
    Overwrite delimited parts, delimiters included; offsets and line breaks stay the same.

    A missing closing delimiter is searched for once only, which keeps the cost linear.
    """
    opening = re.compile("|".join(map(re.escape, marks)))
    parts: list[str] = []
    done = position = 0
    endless: set[str] = set()
    while (match := opening.search(text, position)) is not None:
        position = match.end()
        if match[0] in endless:
            continue
        close, filler = marks[match[0]]
        end = text.find(close, position)
        if end < 0:
            endless.add(match[0])
            continue
        position = end + len(close)
        parts.append(text[done : match.start()])
        parts.append(re.sub(r"[^\n]", filler, text[match.start() : position]))
        done = position
    parts.append(text[done:])
    return "".join(parts)
