"""
Write drafts of a ``cookies.toml``, for an application or from an audit.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable

from .._util.text import join_words, one_line, toml_text
from .._util.urls import is_local
from .catalogue import find_framework_cookie, find_tracker_host
from .external_origin import normalise_origin
from .schema import ENTRY_SECTIONS, SCHEMA_FILE, SECTIONS

#: Most words of a key that are listed.
MAX_WORDS = 12

_FIRST_LINES = f"""\
#:schema ./{SCHEMA_FILE}
# What this site stores in a browser, and who operates it.
# Strict Cookies reads this file when the application starts.
# Flask's session cookie is declared by the library itself, so it has no entry here.
# A text for visitors can be in several languages: {{ en = "...", de = "..." }}.
# After a change, run: flask cookies check
"""

#: The kinds of an external origin that admit a resource, by the name of the resource.
_KINDS = {
    "connection": ("connect",),
    "form": ("form",),
    "frame": ("frame",),
    "image": ("image",),
    "image or font": ("image", "font"),
    "font": ("font",),
    "script": ("script",),
    "style": ("style",),
}


def write_first_policy() -> str:
    """
    Write a first ``cookies.toml``: [site] to fill in, and every other key as a comment.

    Returns:
        TOML, ending with a newline. An entry can be used by removing the ``#`` of its lines.
    """
    parts = [_FIRST_LINES, "[site]"]
    for name, key in SECTIONS["site"].keys.items():
        default = SECTIONS["site"].defaults[name]
        parts += [*_wrap(key.summary), f"{name} = {_write_toml(default)}"]
    parts += ["", "# Remove the # from the lines of an entry to use it."]
    for table, section in ENTRY_SECTIONS.items():
        parts += ["#", *_wrap(section.intro), "#", f"# [[{table}]]"]
        for name, key in section.keys.items():
            parts += _wrap(key.summary)
            if 0 < len(key.words) <= MAX_WORDS:
                parts += _wrap(f"One of {', '.join(key.words)}.")
            example = key.example.partition("\n")[0]
            default = None if key.required else section.defaults[name]
            if key.required:
                parts.append(f"# {name} = {example}")
            elif default is None:
                parts.append(f"# For example: {name} = {example}")
            else:
                parts.append(f"# {name} = {_write_toml(default)}")
    return "\n".join(parts) + "\n"


def _wrap(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, 98, initial_indent="# ", subsequent_indent="# ")


def _write_toml(value: object) -> str:
    """Write a text, a flag or a list of texts; JSON's form of these is TOML's."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def comment(lines: Iterable[str]) -> str:
    """Write lines as TOML comments, with a newline at the end; a line can't leave its comment."""
    return "".join(f"# {one_line(line)}".rstrip() + "\n" for line in lines)


def suggest_origin(subject: str, loaded: list[str]) -> list[str]:
    """
    Return the lines of an entry for an external origin, or for a tracker's, what to do instead.

    Args:
        subject: The origin; the scheme may be missing: ``"//cdn.example"``.
        loaded: The resources that are loaded from it, such as ``"script"``.
    """
    scheme, _, host = subject.partition("//")
    tracker = find_tracker_host(host.partition(":")[0])
    if tracker is not None:
        return [
            f"It is commonly associated with {tracker.vendor} ({tracker.category}).",
            "Remove it.",
        ]
    secure = f"{'wss' if scheme.startswith('ws') else 'https'}://{host}"
    try:
        origin = normalise_origin(subject if is_local(host.partition(":")[0]) else secure)
    except ValueError as error:
        return [f"It can't be declared like this: {one_line(str(error))}"]
    kinds = list(dict.fromkeys(kind for word in loaded for kind in _KINDS.get(word, ())))
    unknown = [word for word in loaded if word not in _KINDS]
    return [
        *([f"No kind is for {join_words(unknown)}; check whether one fits."] if unknown else []),
        "[[external_origin]]",
        f'origin = "{origin}"',
        f"kinds = {json.dumps(kinds)}",
        'reason = ""',
        'recipient = ""',
    ]


def suggest_entry(cookie_name: str) -> str:
    """
    Return an entry that declares a cookie, for a developer to complete.

    Args:
        cookie_name: Any text; it is escaped.

    Returns:
        TOML without a newline at the end; complete if the catalogue knows the cookie.
    """
    known = find_framework_cookie(cookie_name)
    lines = ["[[cookie]]", f"name = {toml_text(cookie_name)}"]
    if known is None:
        lines += [
            'title = ""             # what visitors read first',
            "purposes = []          # session, authentication, preferences, security, ...",
            'description = ""       # what it does, in a sentence',
            'without_it = ""        # what visitors could not do',
            'lifetime = "session"   # or a duration such as "4 hours"',
        ]
    else:
        lines += [
            f"title = {toml_text(known.title)}",
            f"purposes = [{', '.join(map(toml_text, known.purposes))}]",
            f"description = {toml_text(known.description)}",
            f"without_it = {toml_text(known.without_it)}",
            f"lifetime = {toml_text(known.lifetime)}",
        ]
        if known.script_readable:
            lines.append("script_readable = true")
    return "\n".join(lines)
