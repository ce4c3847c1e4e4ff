"""
A section of ``cookies.toml`` and its keys: what the tables of the schema consist of.

Each entry's module has the table of its section, next to the dataclass; see
:mod:`~strict_cookies.policy.schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from .entry import MIN_PATTERN_LENGTH
from .purposes import Purpose
from .value_types import STRING, STRINGS, TEXT, JsonSchema, ValueType

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Published(NamedTuple):
    """
    How the declaration publishes a key. Each argument defaults to what the key's type says.

    Args:
        key: The name in the document; by default that of the key.
        schema: The JSON Schema of the published value (2020-12).
        to_json: Convert the attribute to JSON; see :class:`~.value_types.ValueType`.
        from_json: Convert JSON to the attribute.
        composed: Whether the declaration builds the JSON value from more than the attribute, so
            that ``to_json`` is not used.
        optional: Whether a declaration may lack the key: older ones do. The default applies then.
        label: The English label of a row on the page, for a text or a list of texts (marked with
            ``N_``); empty for no row, or for a row that the declaration builds itself.
    """

    key: str = ""
    schema: JsonSchema | None = None
    to_json: Callable[[Any, str], Any] | None = None
    from_json: Callable[[Any], Any] | None = None
    composed: bool = False
    optional: bool = False
    label: str = ""


class PublishedKey(NamedTuple):
    """
    A key of the document and the attribute that it publishes, as :class:`Published` resolves.

    Attributes:
        attribute: The attribute of the entry.
        key: The key in the document.
        schema: The JSON Schema of the value, null included if the attribute may be None.
        to_json: Convert the attribute to JSON, given the language of untagged texts; None if the
            declaration composes the value.
        from_json: Convert JSON to the attribute.
        optional: Whether a declaration may lack the key.
        label: The English label of its row; may be empty.
    """

    attribute: str
    key: str
    schema: JsonSchema
    to_json: Callable[[Any, str], Any] | None
    from_json: Callable[[Any], Any]
    optional: bool
    label: str


class Key(NamedTuple):
    """
    One key of a section; it has the name of the attribute that it fills.

    Args:
        type: How its value is written.
        summary: A sentence for the developer who fills it in: plain text, no Markdown.
        example: A valid value as TOML. Further lines are other keys that it needs.
        details: Further sentences for the reference page: Markdown, one sentence per line.
        required: Whether an entry must have it. The default of the others is the dataclass's.
        words: The allowed words; empty if any are allowed.
        any_case: Whether the words may be written in any case.
        limits: Further keywords of the JSON Schema for a text: the value itself, or each of a list.
        list_limits: Further keywords of the JSON Schema for a list.
        placeholder: Replaces that of the type, if words are checked.
        published: How the declaration publishes it; None if it does not.
    """

    type: ValueType
    summary: str
    example: str
    details: str = ""
    required: bool = False
    words: Collection[str] = ()
    any_case: bool = False
    limits: JsonSchema = _EMPTY
    list_limits: JsonSchema = _EMPTY
    placeholder: Any = None
    published: Published | None = Published()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """
    One section of the file.

    Args:
        kind: The class that it fills.
        argument: The argument of the policy, and the key of the document, that holds it.
        intro: A sentence above its first key in a new file.
        keys: By name; the required ones first.
        hints: What to answer to keys that other libraries or browsers have.
        suppress_followups: Change the values of an entry so that the keys of the second argument,
            which are missing or unreadable, cause no further mistake.
    """

    kind: type[Any]
    argument: str
    intro: str
    keys: Mapping[str, Key]
    hints: Mapping[str, str] = field(default_factory=dict)
    suppress_followups: Callable[[dict[str, Any], Collection[str]], None] = lambda values, unread: (
        None
    )

    @property
    def required(self) -> tuple[str, ...]:
        """The keys without which there is no entry."""
        return tuple(name for name, key in self.keys.items() if key.required)

    @property
    def placeholders(self) -> dict[str, Any]:
        """Values for required keys that are missing or unreadable."""
        values = {
            name: key.type.placeholder if key.placeholder is None else key.placeholder
            for name, key in self.keys.items()
            if key.required
        }
        return {name: value for name, value in values.items() if value is not None}

    @property
    def defaults(self) -> dict[str, Any]:
        """The default of each key that is not required; None for no value."""
        defaults = {one.name: one.default for one in fields(self.kind)}
        return {
            name: None if defaults[name] is MISSING else defaults[name]
            for name, key in self.keys.items()
            if not key.required
        }

    @cache  # noqa: B019  (the sections live as long as the process)
    def published_keys(self) -> tuple[PublishedKey, ...]:
        """Return how the declaration publishes the section, in the order of its keys."""
        return tuple(self._resolve_published())

    def to_json(self, entry: Any, language: str) -> dict[str, Any]:
        """
        Return the published values of an entry, without those that the declaration composes.

        Args:
            entry: Of the section's kind.
            language: The language of texts without a language tag.
        """
        return {
            key.key: key.to_json(getattr(entry, key.attribute), language)
            for key in self.published_keys()
            if key.to_json is not None
        }

    def from_json(self, published: Mapping[str, Any]) -> Any:
        """
        Build an entry from its published values.

        Raises:
            PolicyError: Every mistake in the entry.
            KeyError: A key is missing.
            TypeError: A value has the wrong type.
            ValueError: A value is out of range.
        """
        return self.kind(
            **{
                key.attribute: key.from_json(published[key.key])
                for key in self.published_keys()
                if key.key in published or not key.optional
            }
        )

    def _resolve_published(self) -> Iterator[PublishedKey]:
        nullable = {one.name for one in fields(self.kind) if one.default is None}
        for name, key in self.keys.items():
            published = key.published
            if published is None:
                continue
            schema = published.schema or _published_schema(key)
            to_json = published.to_json or key.type.to_json
            from_json = published.from_json or key.type.from_json
            if name in nullable and not published.composed:
                schema = _or_null(schema)
                to_json, from_json = _none_to_null(to_json), _null_to_none(from_json)
            yield PublishedKey(
                name,
                published.key or name,
                schema,
                None if published.composed else to_json,
                from_json,
                published.optional,
                published.label,
            )


def _published_schema(key: Key) -> JsonSchema:
    if key.words and key.type is STRING:
        return {"enum": list(key.words)}
    schema = {**key.type.published_schema}
    return {**schema, **key.list_limits} if schema.get("type") == "array" else schema


def _or_null(schema: JsonSchema) -> JsonSchema:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [{"type": "null"}, schema]}


def _none_to_null(convert: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    return lambda value, language: None if value is None else convert(value, language)


def _null_to_none(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def ids_of(values: Any) -> tuple[str, ...]:
    """Return the ids of published purposes or kinds."""
    return tuple(value["id"] for value in values)


def list_of(definition: str) -> JsonSchema:
    """Return the schema of a list of one of the declaration's definitions, not empty."""
    return {"type": "array", "items": {"$ref": f"#/$defs/{definition}"}, "minItems": 1}


#: A list that names at least one.
NOT_EMPTY: JsonSchema = {"minItems": 1}
NAME_SCHEMA: JsonSchema = {"type": "string", "minLength": 1}
TRACKER_NAME_HELP = "The name of a [known tracker](policy.md#known-trackers) is refused."
PATTERN_HELP = (
    f"A star at the end makes it a [pattern](policy.md#patterns), which fixes at least "
    f"{MIN_PATTERN_LENGTH} characters."
)
LIFETIME_HINTS = {
    **dict.fromkeys(("expires", "max-age", "max_age"), 'Write lifetime = "4 hours", or "session".'),
    "category": "Write purposes = [...].",
}


def title_key(example: str) -> Key:
    return Key(
        type=TEXT,
        summary="What visitors read first; the technical name comes after it.",
        example=example,
        required=True,
    )


def purposes_key() -> Key:
    return Key(
        type=STRINGS,
        summary="Why it is strictly necessary.",
        details="If it has several purposes, the [strictest limit]"
        "(policy.md#purposes-and-how-long-a-cookie-may-live) applies.",
        example='["user_input"]',
        required=True,
        words=tuple(Purpose),
        list_limits=NOT_EMPTY,
        placeholder=("security",),
        published=Published(schema=list_of("purpose"), composed=True, from_json=ids_of),
    )


def without_it_key(example: str) -> Key:
    return Key(
        type=TEXT,
        summary="What visitors could not do without it.",
        details="If you can't fill in this key, the site probably does not need it.",
        example=example,
        required=True,
    )


def not_the_tracker_key(example: str, summary: str, details: str = "") -> Key:
    return Key(
        type=STRING,
        summary=summary,
        details=details,
        example=example,
        published=Published(optional=True),
    )
