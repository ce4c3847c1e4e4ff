"""The JSON Schema of cookies.toml agrees with the loader, and the tables with the dataclasses."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from strict_cookies import CookiePolicy, PolicyError
from strict_cookies.policy.draft import write_first_policy
from strict_cookies.policy.schema import ENTRY_SECTIONS, SECTIONS

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(
    files("strict_cookies.policy").joinpath("cookies.schema.json").read_text("utf-8")
)
VALIDATOR = Draft7Validator(SCHEMA)


def is_valid(text):
    """Return whether the JSON Schema accepts a file."""
    return VALIDATOR.is_valid(tomllib.loads(text))


def is_accepted(text):
    """Return whether the loader accepts a file."""
    try:
        CookiePolicy.parse(text)
    except PolicyError:
        return False
    return True


def write_entry(table, **values):
    """Write a section with its required keys and other values, as TOML."""
    section = SECTIONS[table]
    lines = {key: section.keys[key].example.partition("\n")[0] for key in section.required}
    lines |= values
    header = f"[[{table}]]" if table in ENTRY_SECTIONS else f"[{table}]"
    text = "\n".join([header, *(f"{key} = {value}" for key, value in lines.items() if value)])
    if table == "external_origin":
        text = f"{write_entry('recipient')}\n{text}"
    return text + "\n"


def shown_policies():
    """Return each whole policy that the docs and the example application show."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {}
    for page in pages:
        for number, block in enumerate(
            re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        ):
            if is_accepted(block):
                found[f"{page.name} {number}"] = block
    for path in sorted((ROOT / "example_app").rglob("cookies.toml")):
        found[str(path.relative_to(ROOT))] = path.read_text("utf-8")
    return found


SHOWN = shown_policies()


def test_schema_is_a_valid_schema():
    """The JSON Schema is one, of draft 7."""
    Draft7Validator.check_schema(SCHEMA)
    assert len(SHOWN) > 5


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN.keys())
def test_shown_policies_are_valid(text):
    """Each policy of the docs and the example application that the loader accepts is valid."""
    assert [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))] == []


def test_first_policy_is_valid():
    """So is the file that ``flask cookies init`` writes, with its entries as comments."""
    assert is_valid(write_first_policy())


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table in SECTIONS for key in SECTIONS[table].keys]
)
def test_examples_are_valid(table, key):
    """The example of each key is valid, and so is each default."""
    example, *others = f"{key} = {SECTIONS[table].keys[key].example}".splitlines()
    values = dict(line.split(" = ", 1) for line in (example, *others))
    text = write_entry(table, **values)
    assert is_accepted(text)
    assert is_valid(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[cookies]\n", id="unknown section"),
        pytest.param('name = "Shop"\n', id="key above the first section"),
        pytest.param('[site]\nnam = "Shop"\n', id="unknown key of the site"),
        pytest.param('site = "Shop"\n', id="site as text"),
        pytest.param('[cookie]\nname = "a"\n', id="one bracket"),
        pytest.param('cookie = ["sid"]\n', id="cookies as texts"),
        pytest.param('[site]\nprivacy_url = "privacy.html"\n', id="relative privacy notice"),
        pytest.param('[site]\nprivacy_url = "//evil.example"\n', id="host of another site"),
        pytest.param("[site]\nlanguages = []\n", id="no language"),
        pytest.param('[site]\nlanguages = ["English"]\n', id="not a language tag"),
        pytest.param('[site]\nhonours_gpc = "yes"\n', id="flag as text"),
        *(
            pytest.param(write_entry(table, **{key: ""}), id=f"{table} without {key}")
            for table, section in ENTRY_SECTIONS.items()
            for key in section.required
        ),
        *(
            pytest.param(write_entry(table, **{key: "7"}), id=f"{table}: {key} is a number")
            for table, section in SECTIONS.items()
            for key in section.keys
        ),
        *(
            pytest.param(write_entry(table, colour='"red"'), id=f"{table}: unknown key")
            for table in SECTIONS
        ),
        *(
            pytest.param(write_entry(table, **{key: '" "'}), id=f"{table}: {key} is blank")
            for table, section in ENTRY_SECTIONS.items()
            for key in section.required
            if table != "preference" or key != "default"
        ),
        pytest.param(write_entry("cookie", name='"my basket"'), id="name with a space"),
        pytest.param(write_entry("cookie", name='"b*t"'), id="star inside a name"),
        pytest.param(write_entry("cookie", purposes='["analytics"]'), id="unknown purpose"),
        pytest.param(write_entry("cookie", purposes="[]"), id="no purpose"),
        pytest.param(write_entry("cookie", lifetime='"1 year"'), id="years"),
        pytest.param(write_entry("cookie", lifetime='"4"'), id="no unit"),
        pytest.param(write_entry("cookie", title="{}"), id="text in no language"),
        pytest.param(write_entry("cookie", title="{ en = 7 }"), id="number for a language"),
        pytest.param(write_entry("cookie", samesite='"sometimes"'), id="unknown SameSite"),
        pytest.param(write_entry("cookie", path='"shop"'), id="relative path"),
        pytest.param(write_entry("storage", kind='"database"'), id="unknown kind of storage"),
        pytest.param(write_entry("storage", name=f'"{"x" * 130}"'), id="long name"),
        pytest.param(write_entry("preference", choices='["10"]'), id="one choice"),
        pytest.param(write_entry("preference", choices='["10", ""]'), id="empty choice"),
        pytest.param(write_entry("preference", name='"rows per page"'), id="name with spaces"),
        pytest.param(write_entry("recipient", country='"UK"'), id="unknown country"),
        pytest.param(write_entry("external_origin", kinds='["video"]'), id="unknown kind"),
        pytest.param(
            write_entry("external_origin", origin='"tiles.example.com"'), id="origin without scheme"
        ),
        pytest.param(
            write_entry("external_origin", origin='"https://a.example/v2"'), id="origin with path"
        ),
    ],
)
def test_wrong_shape_is_refused_by_both(text):
    """A file whose shape the loader refuses is refused by the JSON Schema, too."""
    assert not is_accepted(text)
    assert not is_valid(text)


KEYS = [(table, key) for table, section in SECTIONS.items() for key in section.keys]
VALUES = (
    st.sampled_from(
        ["session", "4 HOURS", " 1 day ", "lax", "NONE", "", "/", "https://a", "EU", "DE", "local",
         "wss://a.example", "HTTPS://Maps.example", "http://localhost:1", "a*", "a-b", "_ga_x"]
    )
    | st.text(max_size=8)
    | st.booleans()
    | st.integers()
)  # fmt: skip


@given(st.sampled_from(KEYS), VALUES | st.lists(VALUES, max_size=3))
def test_what_the_loader_accepts_is_valid(key, value):
    """No editor marks as wrong what the loader accepts."""
    table, name = key
    text = write_entry(table, **{name: json.dumps(value).replace("\\ud", "\\\\ud")})
    if is_accepted(text):
        assert is_valid(text)


@pytest.mark.parametrize("table", SECTIONS)
def test_keys_are_the_fields_of_the_dataclass(table):
    """Each field can be written in the file, under its own name; each key has a field."""
    section = SECTIONS[table]
    assert {one.name for one in fields(section.kind)} == section.keys.keys()


@pytest.mark.parametrize("table", SECTIONS)
def test_published_values_are_read_back(table):
    """Converting an attribute to JSON and back gives the attribute again."""
    example = write_entry(table)
    policy = CookiePolicy.parse(example)
    entry = policy.site if table == "site" else getattr(policy, SECTIONS[table].argument)[0]
    for key in SECTIONS[table].published_keys():
        value = getattr(entry, key.attribute)
        if key.to_json is not None:
            published = key.to_json(value, "en")
            assert json.loads(json.dumps(published)) == published
            if key.schema.get("$ref") != "#/$defs/texts":
                assert key.from_json(published) == value
            else:
                assert key.from_json(published) == {"en": value}
