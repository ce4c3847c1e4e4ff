"""
One declared preference: a visitor's choice, kept in the session and deleted with it.

It has no lifetime and stores nothing of its own in the browser. The session code accepts only the
names and values of :attr:`~strict_cookies.policy.policy.CookiePolicy.preferences`.

Source: WP194 section 3.6, user interface customisation within the session.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .entry import TEXT_WANTED, Entry, Text, Types
from .section import NAME_SCHEMA, Key, Published, Section
from .value_types import LIST, STRING, TEXT

#: Longest choice, in characters.
MAX_CHOICE_LENGTH = 64

NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_-]{0,63}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPreference(Entry):
    """
    A choice of visitors.

    Args:
        name: A letter, then letters, digits, ``-`` and ``_``; for example ``"theme"``.
        title: What visitors read first.
        choices: Two values or more, each a short text; no other value is accepted.
        default: The choice that applies until a visitor chooses.
        description: What it changes, for visitors.

    Raises:
        PolicyError: Every mistake in the entry.
    """

    LABEL: ClassVar[str] = "Preference"
    TEXTS: ClassVar[tuple[str, ...]] = ("title", "description")
    TYPES: ClassVar[Types] = (
        (("name", "default"), (str,), "text"),
        (TEXTS, (str, Mapping), TEXT_WANTED),
        (("choices",), (tuple, list), "a tuple of texts"),
    )

    name: str
    title: Text
    choices: tuple[str, ...]
    default: str
    description: Text

    def _find_mistakes(self) -> list[str]:
        choices = tuple(self.choices)
        self._set("choices", choices)
        mistakes = []
        if re.fullmatch(NAME_PATTERN, self.name) is None:
            mistakes.append(
                "invalid name. Begin with a letter, and use at most 64 letters, digits, "
                "'-' and '_'."
            )
        invalid = [
            choice
            for choice in choices
            if not isinstance(choice, str)
            or not choice.isprintable()
            or not 0 < len(choice) <= MAX_CHOICE_LENGTH
        ]
        if invalid:
            return [
                *mistakes,
                f"choices has {invalid[0]!r}. Use texts of 1 to {MAX_CHOICE_LENGTH} printable "
                "characters.",
            ]
        if len(set(choices)) < max(2, len(choices)):
            mistakes.append(f"choices is {list(choices)}. Name at least two, each once.")
        elif self.default not in choices:
            mistakes.append(
                f"default is {self.default!r}, which is not one of the choices. Use one of "
                f"{', '.join(map(repr, choices))}."
            )
        return mistakes


def _suppress_preference(values: dict[str, Any], unread: Collection[str]) -> None:
    if "choices" in unread:
        values.update(choices=("-", "--"), default="-")
    elif "default" in unread:
        values["default"] = next(iter(values["choices"]), "-")


#: The section ``[[preference]]``.
PREFERENCE = Section(
    kind=DeclaredPreference,
    argument="preferences",
    intro="Visitors' choices are kept in their session; no other name and value is accepted.",
    keys={
        "name": Key(
            type=STRING,
            summary="The name under which the application reads the choice.",
            details="It is a letter, then letters, digits, `-` and `_`.",
            example='"rows"',
            required=True,
            limits={"pattern": f"^{NAME_PATTERN}$"},
            published=Published(schema=NAME_SCHEMA),
        ),
        "title": Key(
            type=TEXT,
            summary="What visitors read first.",
            example='"Rows"',
            required=True,
        ),
        "choices": Key(
            type=LIST,
            summary="All choices: two texts or more.",
            details=f"Each has 1 to {MAX_CHOICE_LENGTH} characters.",
            example='["10", "25", "50"]',
            required=True,
            limits={"minLength": 1, "maxLength": MAX_CHOICE_LENGTH},
            list_limits={"minItems": 2},
        ),
        "default": Key(
            type=STRING,
            summary="The choice that applies until a visitor chooses.",
            example='"10"',
            required=True,
        ),
        "description": Key(
            type=TEXT,
            summary="What it changes, in a sentence for visitors.",
            example='"How many rows a list shows at once."',
            required=True,
        ),
    },
    hints={
        **dict.fromkeys(
            ("expires", "lifetime", "max-age", "max_age"),
            "A preference ends with its session.",
        ),
        "options": 'Write choices = ["...", "..."].',
        "values": 'Write choices = ["...", "..."].',
    },
    suppress_followups=_suppress_preference,
)
