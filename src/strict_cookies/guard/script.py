"""
The guard's scripts for one policy: the text that a browser gets, and the tag that asks for it.

``guard.js`` and ``erase.js`` are written by hand, ``*.min.js`` is made of them by
``scripts/minify_guard.py``, and behind it the server writes the names that the policy declares. The
hash of all that is in the script's address, so that a browser asks once for each policy.

Where it sits: first in the page's head, since a script that ran before it was not guarded. It is a
plain file of this site, which the closed Content-Security-Policy lets pass.

Source: ECMA-262 section 22.2.1 for patterns; CSP Level 3 section 6.7.1 for which scripts pass.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, get_args

from ..storage import StorageKind

if TYPE_CHECKING:
    from ..policy import CookiePolicy

#: Characters that mean something in a JavaScript pattern.
_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")


@dataclass(frozen=True, slots=True)
class GuardScript:
    """
    One script as it is sent.

    Args:
        text: JavaScript.

    Attributes:
        hash: Of the text, for its address and its ETag.
    """

    text: str
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.text.encode()).hexdigest()
        object.__setattr__(self, "hash", digest[:16])


def build_guard(policy: CookiePolicy, *, report_only: bool) -> GuardScript:
    """
    Write the script that lets others store declared names only.

    Args:
        policy: What is declared.
        report_only: Let every write pass, and report it.
    """
    return _call("guard.min.js", policy, report_only)


def build_eraser(policy: CookiePolicy) -> GuardScript:
    """Write the script that erases web storage, which is there already, by undeclared names."""
    return _call("erase.min.js", policy)


def needs_nonce(csp: str) -> bool:
    """
    Tell whether a Content-Security-Policy lets no script file of this site pass without a nonce.

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
    stem = _SPECIAL.sub(r"\\\g<0>", name.removesuffix("*"))
    return f"{stem}[^]*" if name.endswith("*") else stem


def _either(alternatives: list[str]) -> str:
    # The empty class fits nothing, not even an empty name.
    return f"(?:{'|'.join(alternatives) or '[]'})"


def _call(name: str, policy: CookiePolicy, *options: bool) -> GuardScript:
    function = files(__package__).joinpath(name).read_text("utf-8").strip()
    arguments = [json.dumps(argument) for argument in (name_patterns(policy), *options)]
    return GuardScript(f"({function})({', '.join(arguments)});\n")
