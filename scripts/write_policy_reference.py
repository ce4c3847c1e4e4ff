"""
Write ``docs/cookies-toml.md`` from the tables that the loader reads ``cookies.toml`` by.

``python scripts/write_policy_reference.py`` writes the page; with ``--check`` nothing is written,
and the exit code is 1 where the page is stale. What the page says of mistakes is what the loader
answered to the values below: a value that it takes, or an example that it refuses, stops the
script, as does a key without an example.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from strict_cookies import PolicyError, Site
from strict_cookies.policy.loader import MAX_FILE_BYTES
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.policy.schema import SECTIONS, SITE_KEYS, Key
from strict_cookies.policy.value_types import (
    FLAG,
    LANGUAGES,
    LIFETIME,
    LIST,
    STRING,
    STRINGS,
    TEXT,
    Form,
)

PAGE = Path(__file__).parent.parent / "docs" / "cookies-toml.md"

#: More words than these are told by their number alone.
MOST_WORDS = 12


class Tried(NamedTuple):
    """
    What to try a key with, as TOML.

    Args:
        example: A value that is taken.
        wrong: Values that are refused; further lines are keys that the mistake depends on.
    """

    example: str
    wrong: tuple[str, ...] = ()


#: A value that each form refuses, and one that it takes.
FORMS: Mapping[Form, tuple[str, str]] = {
    STRING: ("7", '"Shop"'),
    TEXT: ("7", '{ en = "Basket", de = "Warenkorb" }'),
    STRINGS: ("7", '["IE", "US"]'),
    LIST: ('"light"', '["light", "dark"]'),
    LANGUAGES: ('"English"', '["en", "de"]'),
    FLAG: ('"yes"', "true"),
    LIFETIME: ('"1 year"', '"4 hours"'),
}

TRIED: Mapping[str, Mapping[str, Tried]] = {
    "site": {
        "name": Tried('"Shop"'),
        "controller": Tried('"Shop Ltd, 1 Sample Street, Exampleton"'),
        "contact": Tried('"privacy@shop.example.com"'),
        "dpo": Tried('"dpo@shop.example.com"'),
        "authority": Tried('"The data protection authority of Exampleland"'),
        "privacy_url": Tried('"/privacy"', ('"privacy.html"',)),
        "languages": Tried('["en", "de"]', ("[]",)),
        "jurisdictions": Tried('["EU", "UK"]'),
        "honours_gpc": Tried("true"),
    },
    "cookie": {
        "name": Tried(
            '"__Host-basket"', ('"my basket"', '"ba*"', '"b*t"', '"__host-basket"', '"_ga"')
        ),
        "title": Tried('"Basket"', ('" "',)),
        "purposes": Tried('["user_input"]', ("[]", '"analytics"', '"cart"')),
        "description": Tried('"Keeps what you put into the basket."', ('" "',)),
        "without_it": Tried('"The basket would stay empty."', ('" "',)),
        "lifetime": Tried(
            '"4 hours"', ('"0 seconds"', '"5 hours"', '"1 hour"\npurposes = ["session"]')
        ),
        "path": Tried('"/shop"\nname = "basket"', ('"shop"', '"/shop"')),
        "domain": Tried(
            '"shop.example.com"\nname = "basket"', ('"com"\nname = "basket"', '"shop.example.com"')
        ),
        "samesite": Tried('"Strict"', ('"sometimes"',)),
        "script_readable": Tried("true", ('true\nname = "__Host-Http-basket"',)),
        "partitioned": Tried('true\nsamesite = "None"', ("true",)),
        "not_the_tracker": Tried(
            '"The number of a working group, made by our own code"\nname = "_gid"'
        ),
    },
    "storage": {
        "name": Tried('"draft-*"', ('" "', '"dr*"', '"_hjid"')),
        "kind": Tried('"local"', ('"database"',)),
        "title": Tried('"Unsent order"', ('" "',)),
        "purposes": Tried('["user_input"]', ('"statistics"',)),
        "description": Tried('"Keeps an order that you have not sent yet."', ('" "',)),
        "without_it": Tried('"You would have to type it again."', ('" "',)),
        "lifetime": Tried(
            '"4 hours"',
            (
                '"session"',
                '"1 day"',
                '"1 hour"\nkind = "session"',
                '"1 hour"\npurposes = ["authentication"]',
            ),
        ),
        "not_the_tracker": Tried('"The list of our own gas cylinders"\nname = "_gcl_ls"'),
    },
    "preference": {
        "name": Tried('"rows"', ('"rows a page"',)),
        "title": Tried('"Rows"', ('" "',)),
        "choices": Tried('["10", "25", "50"]', ('["10"]', '["10", ""]')),
        "default": Tried('"10"', ('"20"',)),
        "description": Tried('"How many rows a list shows at once."', ('" "',)),
    },
    "recipient": {
        "name": Tried('"Maps Ltd"', ('" "',)),
        "role": Tried('"Maps provider"', ('" "',)),
        "data": Tried('"Your IP address, and the part of the map that you look at."', ('" "',)),
        "purpose": Tried('"To show where a customer is."', ('" "',)),
        "country": Tried('["IE"]', ("[]", '"UK"', '"US"')),
        "safeguard": Tried(
            '"Standard contractual clauses of the European Commission"\ncountry = ["IE", "US"]',
            ('" "',),
        ),
    },
    "external_origin": {
        "origin": Tried(
            '"https://tiles.example.com"',
            (
                '"tiles.example.com"',
                '"https://tiles.example.com/v2"',
                '"https://*.example.com"',
                '"http://tiles.example.com"',
                '"https://192.0.2.1"',
                '"https://www.google-analytics.com"',
            ),
        ),
        "kinds": Tried(
            '["image"]', ("[]", '"video"', '"image"\norigin = "wss://tiles.example.com"')
        ),
        "reason": Tried('"Maps are drawn from pictures of the maps provider."', ('" "',)),
        "recipient": Tried('"Maps Ltd"', ('"Maps Limited"', '"Somebody"')),
        "not_the_tracker": Tried(
            '"Our own tag server"\norigin = "https://www.google-analytics.com"'
        ),
    },
}

#: Mistakes that concern no single key.
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
<!-- Written by scripts/write_policy_reference.py; change the tables in sections.py instead. -->
# cookies.toml, key by key

Every key that the file may have, what it takes, and what a mistake says.
It is written from the tables that the loader itself reads the file by.
[The guide](policy.md) says what to declare, and why.

The file is TOML 1.0 in UTF-8, of at most {MAX_FILE_BYTES // 1024**2} MiB.
Each section can be left out; a section or key that is not on this page is a mistake.
All mistakes of a file are told at once, each with its line, and stop the application at its start.
"""


def main(check: bool) -> str | None:
    """Write the page, or say that it is stale; None where all is well."""
    text = "".join(f"{line}\n" for line in page())
    if not check:
        PAGE.write_text(text, "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != text:
        return f"Stale: {PAGE.name}. Run: python scripts/write_policy_reference.py"
    return None


def page() -> Iterator[str]:
    """Give the lines of the page."""
    yield INTRODUCTION
    yield "| section | what it declares |"
    yield "|---|---|"
    yield f"| [`[site]`](#site) | {first_line(Site)} |"
    for table, section in SECTIONS.items():
        yield f"| [`[[{table}]]`](#{table}) | {first_line(section.kind)} |"
    yield from forms()
    yield from chapter("site", "[site]", Site, SITE_KEYS)
    for table, section in SECTIONS.items():
        yield from chapter(table, f"[[{table}]]", section.kind, section.keys, section.needed)
        yield "\nKeys that other libraries have are answered with what to write:\n"
        for key, hint in section.hints.items():
            yield f"- `{key}`: {plain(hint)}"
    yield from wholes()


def forms() -> Iterator[str]:
    """Give the chapter on how values are written."""
    yield "\n## Types\n"
    yield "| type | for example | what something else is answered |"
    yield "|---|---|---|"
    used = {key.form for keys in all_keys().values() for key in keys.values()}
    if missing := [form.name for form in used if form not in FORMS]:
        raise SystemExit(f"FORMS lacks {', '.join(missing)}: say what to try it with.")
    for form, (wrong, example) in FORMS.items():
        form.read(value_of(example))
        try:
            form.read(value_of(wrong))
        except ValueError as error:
            yield f"| {form.name} | `{example}` | `{wrong}`: {plain(str(error))} |"
        else:
            raise SystemExit(f"{form.name} takes {wrong}: try it with something else.")
    yield ""
    yield "Months and years are no durations, because a limit that is enforced must be exact."
    yield (
        "What visitors read may be there "
        "[in several languages](policy.md#texts-in-several-languages)."
    )


def chapter(
    table: str,
    heading: str,
    kind: type[Any],
    keys: Mapping[str, Key],
    needed: Collection[str] = (),
) -> Iterator[str]:
    """Give the chapter of one section."""
    yield f"\n## `{heading}`\n"
    yield f"{first_line(kind)}\n"
    yield "| key | type | |"
    yield "|---|---|---|"
    defaults = {one.name: one.default for one in fields(kind)}
    rules = {
        key: "needed" if key in needed else f"default {default_of(defaults[key])}" for key in keys
    }
    for key, (form, *_) in keys.items():
        yield f"| [`{key}`](#{table}-{key}) | {form.name} | {rules[key]} |"
    for key, (form, about, words) in keys.items():
        example, wrong = TRIED[table].get(key) or stop(f"TRIED lacks {key} of {heading}.")
        yield f"\n### {table}: `{key}`\n"
        yield about
        yield f"\n- Type: {form.name}; {rules[key]}."
        if words:
            yield f"- {words_of(words)}"
        if said := try_value(table, key, example):
            stop(f"The example of {key} in {heading} is refused: {said[0]}")
        yield f"- For example {shown(key, example)}."
        if wrong:
            yield "- Mistakes:"
        for value in wrong:
            said = try_value(table, key, value) or stop(f"{heading} takes {shown(key, value)}.")
            yield f"  - {shown(key, value)}: {plain(' '.join(said))}"


def wholes() -> Iterator[str]:
    """Give the chapter on mistakes that concern no single key."""
    yield "\n## Mistakes of a whole section\n"
    twice = "\n".join(["[[cookie]]", *entry_of("cookie")] * 2)
    for text in (*WHOLE, twice):
        said = mistakes_of(text) or stop(f"The loader takes {text!r}.")
        yield f"```text\n{text}\n```\n"
        yield from (f"{plain(one)}\n" for one in said)


def try_value(table: str, key: str, value: str) -> list[str]:
    """Give what is wrong with a file whose one entry has a value, and needs no other key."""
    given, *others = f"{key} = {value}".splitlines()
    lines = entry_of(table)
    for line in (given, *others):
        name = line.partition(" =")[0]
        lines = [one for one in lines if not one.startswith(f"{name} =")] + [line]
    head = f"[{table}]" if table == "site" else f"[[{table}]]"
    behind = ["[[recipient]]", *entry_of("recipient")] if table == "external_origin" else []
    return mistakes_of("\n".join([head, *lines, *behind]))


def entry_of(table: str) -> list[str]:
    """Give the lines of an entry that has its needed keys and no others."""
    needed = SECTIONS[table].needed if table in SECTIONS else ()
    return [f"{key} = {TRIED[table][key].example}".splitlines()[0] for key in needed]


def mistakes_of(text: str) -> list[str]:
    """Give what the loader says of a file, without the numbers of lines."""
    try:
        CookiePolicy.parse(text)
    except PolicyError as error:
        return [re.sub(r"^line \d+: ", "", mistake) for mistake in error.mistakes]
    return []


def all_keys() -> dict[str, Mapping[str, Key]]:
    """Give the keys of every section."""
    return {"site": SITE_KEYS, **{table: section.keys for table, section in SECTIONS.items()}}


def value_of(text: str) -> object:
    """Read a value that is written as TOML."""
    return tomllib.loads(f"value = {text}")["value"]


def default_of(value: object) -> str:
    """Write a default as TOML has it; what is not there is none."""
    if value in (None, MISSING, ""):
        return "none"
    return f"`{json.dumps(value)}`"


def words_of(words: Collection[str]) -> str:
    """List words, or tell how many there are."""
    if len(words) > MOST_WORDS:
        first, last = json.dumps(min(words)), json.dumps(max(words))
        return f"One of {len(words)} words, from `{first}` to `{last}`."
    return f"Words: {', '.join(f'`{json.dumps(word)}`' for word in words)}."


def shown(key: str, value: str) -> str:
    """Show a key with its value, and the keys that the example depends on."""
    given, *others = f"{key} = {value}".splitlines()
    return f"`{given}`" + (
        f" with {' and '.join(f'`{line}`' for line in others)}" if others else ""
    )


def plain(text: str) -> str:
    """Write a message so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def first_line(kind: type) -> str:
    """Give the sentence that a class begins its docstring with."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def stop(message: str) -> NoReturn:
    """End with a message; the page stays as it is."""
    raise SystemExit(f"{message} Mend {Path(__file__).name}.")


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
