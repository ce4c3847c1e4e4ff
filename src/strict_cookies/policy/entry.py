"""
What the entries of a policy share: types checked, texts frozen, every mistake told at once.

An entry is a frozen dataclass that says in class variables what messages call it and which of its
arguments visitors read. It is checked when built, and a changed or unpickled copy is checked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, ClassVar

from ..errors import PolicyError
from .catalogue import find_tracker, is_known_tracker, trackers_under

#: Text for people: one text, or one for each language tag.
Text = str | Mapping[str, str]

#: Fewest characters that a pattern must fix before its star, a cookie's name prefix excluded.
MIN_PATTERN_LENGTH = 3

#: Arguments, the types that they may have, and what to write where one is something else.
Types = tuple[tuple[tuple[str, ...], tuple[type, ...], str], ...]

#: How to say that an argument is a text for people.
TEXT_WANTED = "text, or a mapping of language tags to texts"


class Entry:
    """
    The base of every entry; the fields are those of the dataclass built on it.

    Attributes:
        LABEL: What messages call it, for example ``"Cookie"``.
        UNIQUE_BY: The arguments that tell one from another; messages name the first.
        TEXTS: Arguments that visitors read: a text, or one for each language; None is absent.
        TYPES: What each argument must be.
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
        """What messages call the entry."""
        return f"{self.LABEL} {getattr(self, self.UNIQUE_BY[0])!r}"

    @property
    def unique_key(self) -> tuple[object, ...]:
        """What two entries of one kind may not share."""
        return tuple(getattr(self, key) for key in self.UNIQUE_BY)

    def _find_mistakes(self) -> Iterable[str]:
        """Bring the arguments into the shape that the annotations promise, and check them."""
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
    """The base of entries whose name may end with a star, which makes it a pattern."""

    __slots__ = ()

    name: str

    @property
    def is_pattern(self) -> bool:
        """Whether the name ends with a star that stands for any further characters."""
        return self.name.endswith("*")

    @property
    def stem(self) -> str:
        """The name without the star of a pattern."""
        return self.name.removesuffix("*")


def _rebuild(kind: type[Entry], values: dict[str, Any]) -> Entry:
    return kind(**values)


def texts_of(text: Text, language: str) -> dict[str, str]:
    """Give a text by language tag; a plain one is in the language given."""
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


def tracker_mistakes(
    stem: str, *, is_pattern: bool, fixed: int, reason: str | None, things: str
) -> list[str]:
    """
    Tell what is wrong with a name that lets strangers or trackers in.

    Args:
        stem: The name, without the star of a pattern.
        is_pattern: Whether a star follows.
        fixed: How many characters the pattern fixes.
        reason: Why an exact name is not the tracker that the catalogue knows.
        things: What is named, for messages: ``"cookies"``.
    """
    if is_pattern:
        if fixed < MIN_PATTERN_LENGTH:
            return [
                f"the pattern fixes {fixed} of at least {MIN_PATTERN_LENGTH} characters before the "
                "star and would let strangers in. Make it longer."
            ]
        if covered := trackers_under(stem):
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
