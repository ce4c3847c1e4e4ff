"""
The base of a policy's entries: it checks types, freezes texts, and reports every mistake at once.

An entry is a frozen dataclass. Its class variables say how messages name it and which of its
arguments visitors read. It is validated when it is created, as is a changed or unpickled copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, ClassVar

from ..errors import PolicyError
from .catalogue import find_tracker, is_known_tracker, trackers_with_prefix

#: Text for people: one text, or one for each language tag.
Text = str | Mapping[str, str]

#: Fewest characters of a pattern in front of its star, without a cookie's name prefix.
MIN_PATTERN_LENGTH = 3

#: Arguments, their types, and what to write instead of another type.
Types = tuple[tuple[tuple[str, ...], tuple[type, ...], str], ...]

#: How messages describe a text for visitors.
TEXT_WANTED = "text, or a mapping of language tags to texts"


class Entry:
    """
    The base of every entry; the fields are those of the dataclass built on it.

    Attributes:
        LABEL: How messages name it, for example ``"Cookie"``.
        UNIQUE_BY: The arguments that identify an entry; messages name the first.
        TEXTS: Arguments that visitors read: a text, or one for each language; None if absent.
        TYPES: The types of the arguments.
    """

    __slots__ = ()

    LABEL: ClassVar[str]
    UNIQUE_BY: ClassVar[tuple[str, ...]] = ("name",)
    TEXTS: ClassVar[tuple[str, ...]]
    TYPES: ClassVar[Types]

    def __post_init__(self) -> None:
        identity = self.identity
        mistakes = [
            f"{key} is {getattr(self, key)!r}. Use {wanted}."
            for keys, kinds, wanted in self.TYPES
            for key in keys
            if not isinstance(getattr(self, key), kinds)
        ]
        if not mistakes:
            for key in self.TEXTS:
                text = getattr(self, key)
                if isinstance(text, Mapping):
                    self._set(key, MappingProxyType(dict(text)))
            mistakes = [*self._find_mistakes(), *self._empty_texts()]
        if mistakes:
            raise PolicyError(f"{identity}: {mistake}" for mistake in mistakes)

    @property
    def identity(self) -> str:
        """How messages name the entry."""
        return f"{self.LABEL} {getattr(self, self.UNIQUE_BY[0])!r}"

    @property
    def unique_key(self) -> tuple[object, ...]:
        """The values that identify the entry among those of its kind."""
        return tuple(getattr(self, key) for key in self.UNIQUE_BY)

    def _find_mistakes(self) -> Iterable[str]:
        """Normalise the arguments to their annotated types, and return every mistake."""
        raise NotImplementedError

    def _empty_texts(self) -> list[str]:
        mistakes = []
        for key in self.TEXTS:
            text = getattr(self, key)
            if text is None:
                continue
            texts = [text] if isinstance(text, str) else list(text.values())
            if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
                mistakes.append(f"{key} is empty. Write it for visitors, in a sentence.")
        return mistakes

    def _set(self, key: str, value: object) -> None:
        object.__setattr__(self, key, value)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]
        # Read-only mappings can't be pickled or copied.
        texts = {key: dict(values[key]) for key in self.TEXTS if isinstance(values[key], Mapping)}
        return _rebuild, (type(self), {**values, **texts})


class NamedEntry(Entry):
    """The base of entries whose name may be a pattern, with a star at its end."""

    __slots__ = ()

    name: str

    @property
    def is_pattern(self) -> bool:
        """Whether the name ends with a star, which matches any characters."""
        return self.name.endswith("*")

    @property
    def stem(self) -> str:
        """The name without the star of a pattern."""
        return self.name.removesuffix("*")


def _rebuild(kind: type[Entry], values: dict[str, Any]) -> Entry:
    return kind(**values)


def texts_by_language(text: Text, language: str) -> dict[str, str]:
    """Return a text by language tag; a plain text is in the given language."""
    return {language: text} if isinstance(text, str) else dict(text)


def text_in(text: Text, language: str, default: str = "en") -> str:
    """
    Return a text in a language.

    Args:
        text: One text, or a mapping of language tags to texts.
        language: The wanted tag.
        default: The tag to fall back on; after that, the first text of the mapping.

    Returns:
        The text; empty if the mapping is empty.
    """
    if isinstance(text, str):
        return text
    return text.get(language) or text.get(default) or next(iter(text.values()), "")


def check_tracker_name(
    stem: str, *, is_pattern: bool, fixed: int, reason: str | None, things: str
) -> list[str]:
    """
    Return the mistakes of a name that is too wide or a known tracker's.

    Args:
        stem: The name, without the star of a pattern.
        is_pattern: Whether a star follows.
        fixed: The number of characters that count for the minimum of a pattern.
        reason: Why an exact name is not the tracker's that the catalogue knows.
        things: What has the name, for messages: ``"cookies"``.
    """
    if is_pattern:
        if fixed < MIN_PATTERN_LENGTH:
            return [
                f"the pattern has {fixed} characters in front of the star, but at least "
                f"{MIN_PATTERN_LENGTH} are required. Make it longer."
            ]
        if covered := trackers_with_prefix(stem):
            return [
                f"the pattern would cover {covered[0]!r}, a name commonly associated with "
                f"a tracker. Name the {things} in full, or choose a longer pattern."
            ]
        return []
    tracker = find_tracker(stem)
    if tracker is None or not is_known_tracker(stem) or (reason or "").strip():
        return []
    return [
        f"this is a name commonly associated with {tracker.vendor} ({tracker.category}), which "
        "is not strictly necessary. Remove the entry and what sets it; if it is something "
        'else, say so: not_the_tracker = "why".'
    ]
