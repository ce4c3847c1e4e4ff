"""
Write the reference page and the JSON Schema of ``cookies.toml`` from the tables of the loader.

``python scripts/write_policy_reference.py`` writes ``docs/cookies-toml.md`` and
``src/strict_cookies/policy/cookies.schema.json``. With ``--check`` it writes nothing, and the exit
code is 1 if one of them is stale. The mistakes on the page are the loader's own messages for the
values below. A value of these that the loader accepts, or an example that it refuses, stops the
script.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from strict_cookies import CookiePolicy, PolicyError
from strict_cookies.policy.draft import MAX_WORDS
from strict_cookies.policy.loader import MAX_FILE_BYTES
from strict_cookies.policy.schema import ENTRY_SECTIONS, SECTIONS
from strict_cookies.policy.section import Key, Section
from strict_cookies.policy.value_types import (
    FLAG,
    LANGUAGES,
    LIFETIME,
    LIST,
    STRING,
    STRINGS,
    TEXT,
    ValueType,
    any_case,
)

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "cookies-toml.md"
SCHEMA = ROOT / "src" / "strict_cookies" / "policy" / "cookies.schema.json"

#: For each type, a value that it refuses and one that it accepts.
TYPES: Mapping[str, tuple[ValueType, str, str]] = {
    type_.name: (type_, refused, accepted)
    for type_, refused, accepted in (
        (STRING, "7", '"Shop"'),
        (TEXT, "7", '{ en = "Basket", de = "Warenkorb" }'),
        (STRINGS, "7", '["IE", "US"]'),
        (LIST, '"light"', '["light", "dark"]'),
        (LANGUAGES, '"English"', '["en", "de"]'),
        (FLAG, '"yes"', "true"),
        (LIFETIME, '"1 year"', '"4 hours"'),
    )
}

#: Values of keys that are refused; further lines are other keys that the mistake depends on.
REFUSED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("site", "privacy_url"): ('"privacy.html"',),
    ("site", "languages"): ("[]",),
    ("cookie", "name"): ('"my basket"', '"ba*"', '"b*t"', '"__host-basket"', '"_ga"'),
    ("cookie", "title"): ('" "',),
    ("cookie", "purposes"): ("[]", '"analytics"', '"cart"'),
    ("cookie", "description"): ('" "',),
    ("cookie", "without_it"): ('" "',),
    ("cookie", "lifetime"): (
        '"0 seconds"',
        '"5 hours"',
        '"1 hour"\npurposes = ["session"]',
    ),
    ("cookie", "path"): ('"shop"', '"/shop"'),
    ("cookie", "domain"): ('"com"\nname = "basket"', '"shop.example.com"'),
    ("cookie", "samesite"): ('"sometimes"',),
    ("cookie", "script_readable"): ('true\nname = "__Host-Http-basket"',),
    ("cookie", "partitioned"): ("true",),
    ("storage", "name"): ('" "', '"dr*"', '"_hjid"'),
    ("storage", "kind"): ('"database"',),
    ("storage", "title"): ('" "',),
    ("storage", "purposes"): ('"statistics"',),
    ("storage", "description"): ('" "',),
    ("storage", "without_it"): ('" "',),
    ("storage", "lifetime"): (
        '"session"',
        '"1 day"',
        '"1 hour"\nkind = "session"',
        '"1 hour"\npurposes = ["authentication"]',
    ),
    ("preference", "name"): ('"rows per page"',),
    ("preference", "title"): ('" "',),
    ("preference", "choices"): ('["10"]', '["10", ""]'),
    ("preference", "default"): ('"20"',),
    ("preference", "description"): ('" "',),
    ("recipient", "name"): ('" "',),
    ("recipient", "role"): ('" "',),
    ("recipient", "data"): ('" "',),
    ("recipient", "purpose"): ('" "',),
    ("recipient", "country"): ("[]", '"UK"', '"US"'),
    ("recipient", "safeguard"): ('" "',),
    ("external_origin", "origin"): (
        '"tiles.example.com"',
        '"https://tiles.example.com/v2"',
        '"https://*.example.com"',
        '"http://tiles.example.com"',
        '"https://192.0.2.1"',
        '"https://www.google-analytics.com"',
    ),
    ("external_origin", "kinds"): ("[]", '"video"', '"image"\norigin = "wss://tiles.example.com"'),
    ("external_origin", "reason"): ('" "',),
    ("external_origin", "recipient"): ('"Maps Limited"', '"Other"'),
}

#: Files with mistakes that concern more than one key.
WHOLE = (
    "[cookies]",
    '[cookie]\nname = "basket"',
    '[[cookie]]\nname = "basket"',
    '[site]\nnam = "Shop"',
    'name = "Shop"',
    '[[preference]]\nname = "rows"\ntitle = "Rows"\nchoices = ["10", "25"]\ndefault = "10"\n'
    'description = "How many rows a list shows."\nicon = "list"',
)

INTRODUCTION = f"""\
<!-- Written by scripts/write_policy_reference.py from the tables in src/strict_cookies/policy. -->
# cookies.toml, key by key

Every key that the file may have, with its type, an example, and the messages for mistakes.
The page is written from the tables of the loader, as is the
[JSON Schema for editors](policy.md#completion-in-your-editor).
[The guide](policy.md) says what to declare, and why.

The file is TOML 1.0 in UTF-8, of at most {MAX_FILE_BYTES // 1024**2} MiB.
Every section is optional; a section or key that is not on this page is a mistake.
All mistakes of a file are reported at once, each with its line, and stop the application's start.
"""


def main(check: bool) -> str | None:
    """Write both files, or report which are stale; return None on success."""
    texts = {
        PAGE: "".join(f"{line}\n" for line in write_page()),
        SCHEMA: json.dumps(build_schema(), ensure_ascii=False, indent=2) + "\n",
    }
    stale = []
    for path, text in texts.items():
        if not check:
            path.write_text(text, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            stale.append(path.name)
    if stale:
        return f"Stale: {', '.join(stale)}. Run: python scripts/write_policy_reference.py"
    return None


# The JSON Schema


def build_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, in draft 7, which editors and SchemaStore expect."""
    tables = {name: build_section_schema(section) for name, section in SECTIONS.items()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "cookies.toml of Strict Cookies",
        "description": "What a site stores in the browser, and who operates it.",
        "type": "object",
        "properties": {
            name: table if name == "site" else {"type": "array", "items": table}
            for name, table in tables.items()
        },
        "additionalProperties": False,
    }


def build_section_schema(section: Section) -> dict[str, Any]:
    """Return the JSON Schema of one table of a section."""
    defaults = {name: default for name, default in section.defaults.items() if default is not None}
    schema = {
        "type": "object",
        "description": first_line(section.kind),
        "properties": {
            name: {
                **build_key_schema(key),
                "description": key.summary,
                **({"default": defaults[name]} if name in defaults else {}),
                "examples": [parse_value(key.example.partition("\n")[0])],
            }
            for name, key in section.keys.items()
        },
        "additionalProperties": False,
    }
    return {**schema, "required": list(section.required)} if section.required else schema


def build_key_schema(key: Key) -> dict[str, Any]:
    """Return the JSON Schema of a key's value."""
    text: dict[str, Any] = {"type": "string", **key.limits}
    if key.words:
        text = {"enum": sorted(key.words) if len(key.words) > MAX_WORDS else list(key.words)}
    if key.any_case:
        pattern = "|".join(map(any_case, key.words))
        text = {"anyOf": [text, {"type": "string", "pattern": f"^({pattern})$"}]}
    if key.type is STRING:
        return text
    if key.type is LIST:
        return {"type": "array", "items": text, **key.list_limits}
    if key.type is STRINGS:
        return {"anyOf": [text, {"type": "array", "items": text, **key.list_limits}]}
    return dict(key.type.schema)


# The page


def write_page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield INTRODUCTION
    yield "| section | contents |"
    yield "|---|---|"
    for table, section in SECTIONS.items():
        yield f"| [`{write_header(table)}`](#{table}) | {first_line(section.kind)} |"
    yield from write_types()
    for table, section in SECTIONS.items():
        yield from write_section(table, section)
        if section.hints:
            yield "\nMessages for keys of other libraries:\n"
        for key, hint in section.hints.items():
            yield f"- `{key}`: {escape(hint)}"
    yield from write_whole_mistakes()


def write_types() -> Iterator[str]:
    """Yield the chapter on types."""
    yield "\n## Types\n"
    yield "| type | example | message for another type |"
    yield "|---|---|---|"
    used = {key.type.name for section in SECTIONS.values() for key in section.keys.values()}
    if missing := used - TYPES.keys():
        stop(f"TYPES lacks {', '.join(missing)}: add a value that it refuses and one it accepts.")
    for name, (type_, refused, accepted) in TYPES.items():
        type_.parse(parse_value(accepted))
        try:
            type_.parse(parse_value(refused))
        except ValueError as error:
            yield f"| {name} | `{accepted}` | `{refused}`: {escape(str(error))} |"
        else:
            stop(f"{name} accepts {refused}: choose another value.")
    yield ""
    yield "Months and years are not valid durations, because an enforced limit must be exact."
    yield (
        "A text for visitors can be written "
        "[in several languages](policy.md#texts-in-several-languages)."
    )


def write_section(table: str, section: Section) -> Iterator[str]:
    """Yield the chapter of one section."""
    yield f"\n## `{write_header(table)}`\n"
    yield f"{first_line(section.kind)}\n"
    yield "| key | type | |"
    yield "|---|---|---|"
    rules = {
        name: "required" if key.required else f"default {write_default(section.defaults[name])}"
        for name, key in section.keys.items()
    }
    for name, key in section.keys.items():
        yield f"| [`{name}`](#{table}-{name}) | {key.type.name} | {rules[name]} |"
    for name, key in section.keys.items():
        yield f"\n### {table}: `{name}`\n"
        yield escape(key.summary)
        if key.details:
            yield key.details
        yield f"\n- Type: {key.type.name}; {rules[name]}."
        if key.words:
            yield f"- {write_words(key.words)}"
        if mistakes := try_value(table, name, key.example):
            stop(f"The example of {name} in {write_header(table)} is refused: {mistakes[0]}")
        yield f"- Example: {show(name, key.example)}."
        refused = REFUSED.get((table, name), ())
        if refused:
            yield "- Mistakes:"
        for value in refused:
            mistakes = try_value(table, name, value)
            if not mistakes:
                stop(f"{write_header(table)} accepts {show(name, value)}.")
            yield f"  - {show(name, value)}: {escape(' '.join(mistakes))}"


def write_whole_mistakes() -> Iterator[str]:
    """Yield the chapter on mistakes that concern more than one key."""
    yield "\n## Mistakes of a whole section\n"
    duplicate = "\n".join(["[[cookie]]", *write_entry("cookie")] * 2)
    for text in (*WHOLE, duplicate):
        mistakes = find_mistakes(text) or stop(f"The loader accepts {text!r}.")
        yield f"```text\n{text}\n```\n"
        yield from (f"{escape(mistake)}\n" for mistake in mistakes)


def try_value(table: str, key: str, value: str) -> list[str]:
    """Return the mistakes of a file whose one entry has a value and the required keys."""
    given, *others = f"{key} = {value}".splitlines()
    lines = write_entry(table)
    for line in (given, *others):
        name = line.partition(" =")[0]
        lines = [one for one in lines if not one.startswith(f"{name} =")] + [line]
    following = ["[[recipient]]", *write_entry("recipient")] if table == "external_origin" else []
    return find_mistakes("\n".join([write_header(table), *lines, *following]))


def write_entry(table: str) -> list[str]:
    """Return the lines of an entry that has its required keys and no others."""
    section = SECTIONS[table]
    return [f"{key} = {section.keys[key].example}".splitlines()[0] for key in section.required]


def find_mistakes(text: str) -> list[str]:
    """Return the loader's messages about a file, without the numbers of lines."""
    try:
        CookiePolicy.parse(text)
    except PolicyError as error:
        return [re.sub(r"^line \d+: ", "", mistake) for mistake in error.mistakes]
    return []


def write_header(table: str) -> str:
    """Return the header of a section."""
    return f"[[{table}]]" if table in ENTRY_SECTIONS else f"[{table}]"


def parse_value(text: str) -> Any:
    """Parse a TOML value."""
    return tomllib.loads(f"value = {text}")["value"]


def write_default(value: object) -> str:
    """Write a default as TOML, or "none"."""
    return "none" if value in (None, "") else f"`{json.dumps(value)}`"


def write_words(words: Collection[str]) -> str:
    """List words, or say how many there are."""
    if len(words) > MAX_WORDS:
        first, last = json.dumps(min(words)), json.dumps(max(words))
        return f"One of {len(words)} words, from `{first}` to `{last}`."
    return f"Words: {', '.join(f'`{json.dumps(word)}`' for word in words)}."


def show(key: str, value: str) -> str:
    """Show a key with its value, and the other keys that the value depends on."""
    given, *others = f"{key} = {value}".splitlines()
    return f"`{given}`" + (
        f" with {' and '.join(f'`{line}`' for line in others)}" if others else ""
    )


def escape(text: str) -> str:
    """Escape a message for Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def first_line(kind: type) -> str:
    """Return the first sentence of a class's docstring."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def stop(message: str) -> NoReturn:
    """Exit with a message; both files stay as they are."""
    raise SystemExit(f"{message} Fix {Path(__file__).name}.")


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
