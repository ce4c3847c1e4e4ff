"""
The guard's scripts for one policy: the text that a browser gets, and the tag that asks for it.

``guard.js`` and ``erase.js`` are written by hand, ``*.min.js`` is made of them by
``scripts/minify_guard.py``, to which the server appends the names that the policy declares. The
hash of all that is in the script's address, so that a browser asks once for each policy.

Where it sits: first in the page's head, since a script that ran before it was not guarded. It is a
plain file of this site, which the closed Content-Security-Policy lets pass.

Source: ECMA-262 section 22.2.1 for patterns; CSP Level 3 section 6.7.1 for which scripts pass.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple, get_args

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...policy.policy import CookiePolicy

#: Characters that mean something in a JavaScript pattern.
_SPECIAL = r"[\\^$.*+?()\[\]{}|/]"


class GuardScript(NamedTuple):
    """
    One script as it is sent.

    Attributes:
        text: JavaScript.
        hash: Of the text, for its address and its ETag.
    """

    text: str
    hash: str

    @classmethod
    def of(cls, text: str) -> GuardScript:
        """Hash a text."""
        return cls(text, hashlib.sha256(text.encode()).hexdigest()[:16])


class Guard:
    """
    The guard for one policy, and the eraser of what was stored before.

    Args:
        policy: What is declared.
        report_only: Let every write pass, and report it; erase nothing.
        csp: The Content-Security-Policy of an ordinary page; empty where there is none.

    Attributes:
        scripts: What is served, by file name: ``guard.js`` and ``erase.js``.
    """

    def __init__(self, policy: CookiePolicy, *, report_only: bool = False, csp: str = "") -> None:
        patterns = name_patterns(policy)
        self.scripts = {
            "guard.js": _call("guard.min.js", patterns, report_only),
            "erase.js": _call("erase.min.js", patterns),
        }
        self._report_only = report_only
        self._needs_nonce = needs_nonce(csp)

    def tags(self, root: str, nonce: Callable[[], str], *, erase: bool = False) -> Markup:
        """
        Write the tags for the beginning of a page's head.

        Args:
            root: The path above the scripts.
            nonce: Gives the nonce of the response; asked only where the page needs one.
            erase: Whether the page loads the eraser too; in report-only mode it doesn't.
        """
        attribute = Markup(' nonce="{}"').format(nonce()) if self._needs_nonce else ""
        names = ("guard.js", "erase.js") if erase and not self._report_only else ("guard.js",)
        return Markup().join(
            Markup('<script src="{}/{}?{}"{}></script>').format(
                root, name, self.scripts[name].hash, attribute
            )
            for name in names
        )


def needs_nonce(csp: str) -> bool:
    """
    Return whether a Content-Security-Policy allows no script file of this site without a nonce.

    Args:
        csp: The header's value; empty where there is none.
    """
    directives: dict[str, list[str]] = {}
    for directive in csp.split(";"):
        name, *sources = directive.split() or [""]
        directives.setdefault(name.lower(), sources)
    for name in ("script-src-elem", "script-src", "default-src"):
        if name in directives:
            return "'self'" not in directives[name] or "'strict-dynamic'" in directives[name]
    return False


def name_patterns(policy: CookiePolicy) -> dict[str, str]:
    """
    Write for each kind of storage the JavaScript pattern of the names that scripts may write.

    A cookie counts where it is declared as ``script_readable``. An exact name beats a pattern, a
    longer pattern a shorter one, as on the wire.
    """
    from ...policy.web_storage import StorageKind

    patterns = {"cookie": f"^{_either(_cookie_alternatives(policy))}$"}
    for kind in get_args(StorageKind):
        names = [_spell(item.name) for item in policy.storage if item.kind == kind]
        patterns[kind] = f"^{_either(names)}$"
    return patterns


def _cookie_alternatives(policy: CookiePolicy) -> list[str]:
    alternatives = []
    for cookie in policy.cookies:
        if not cookie.script_readable:
            continue
        exceptions = [
            _spell(other.name.removeprefix(cookie.stem))
            for other in policy.cookies
            if cookie.is_pattern
            and not other.script_readable
            and other.stem.startswith(cookie.stem)
        ]
        spelt = _spell(cookie.stem)
        if exceptions:
            spelt += f"(?!{_either(exceptions)}$)"
        alternatives.append(f"{spelt}[^]*" if cookie.is_pattern else spelt)
    return alternatives


def _spell(name: str) -> str:
    """Write a name, or a pattern with a star at its end, as a JavaScript pattern."""
    stem = re.sub(_SPECIAL, r"\\\g<0>", name.removesuffix("*"))
    return f"{stem}[^]*" if name.endswith("*") else stem


def _either(alternatives: list[str]) -> str:
    # The empty class fits nothing, not even an empty name.
    return f"(?:{'|'.join(alternatives) or '[]'})"


def _call(name: str, *arguments: object) -> GuardScript:
    function = files(__package__).joinpath(name).read_text("utf-8").strip()
    return GuardScript.of(f"({function})({', '.join(map(json.dumps, arguments))});\n")
