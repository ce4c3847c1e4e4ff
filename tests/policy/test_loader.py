"""How a policy file is loaded, and how every mistake in it is reported, with its line."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strict_cookies.errors import PolicyError
from strict_cookies.policy.cookie import DeclaredCookie
from strict_cookies.policy.external_origin import ExternalOrigin
from strict_cookies.policy.loader import MAX_FILE_BYTES
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.policy.preference import DeclaredPreference
from strict_cookies.policy.purposes import Purpose
from strict_cookies.policy.recipient import Recipient
from strict_cookies.policy.schema import ENTRY_SECTIONS
from strict_cookies.policy.site import Site
from strict_cookies.policy.web_storage import DeclaredStorage

COOKIE_KEYS = (
    "name, title, purposes, description, without_it, lifetime, path, domain, samesite, "
    "script_readable, partitioned, not_the_tracker"
)
SITE_KEYS = (
    "name, controller, contact, dpo, authority, privacy_url, languages, jurisdictions, honours_gpc"
)

SECTION_NAMES = "site, cookie, storage, preference, recipient, external_origin"

NO_TABLE = "it is not a table. Write [[cookie]] on a line of its own, then its keys."
PATH_HELP = (
    "Begin with '/', and write it as browsers send it: percent-encoded, without ';', '?', '#' and "
    "spaces."
)

COMPLETE = {
    "name": '"sid"',
    "title": '"Session"',
    "purposes": '["security"]',
    "description": '"Keeps the visit together."',
    "without_it": '"You could not sign in."',
    "lifetime": '"session"',
}


def entry(**changes):
    """Write an entry as TOML; a key with None is left out, new ones come last."""
    pairs = {**COMPLETE, **changes}
    lines = [f"{key} = {value}" for key, value in pairs.items() if value is not None]
    return "\n".join(["[[cookie]]", *lines, ""])


def error_of(read, *arguments):
    """Return the PolicyError that reading raises, or None; let any other exception out."""
    try:
        policy = read(*arguments)
    except PolicyError as error:
        return error
    assert isinstance(policy, CookiePolicy)
    return None


def mistakes_of(text):
    """List the mistakes in a text; empty where it is accepted."""
    error = error_of(CookiePolicy.parse, text)
    return [] if error is None else list(error.mistakes)


# --- What is read ---


def test_every_key_is_read():
    """A file with every key gives the corresponding policy, in its order."""
    text = """
# A comment.
[site]
name = "Shop"
controller = "Shop Ltd, 1 Sample Street"
contact = "privacy@shop.example"
dpo = "dpo@shop.example"
authority = "The authority"
privacy_url = "/privacy"
languages = ["en", "de-AT"]
jurisdictions = ["EU", "UK"]

[[cookie]]
name = "__Secure-basket"
title = { en = "Basket", de-AT = "Warenkorb" }
purposes = ["user_input", "security"]
description.en = "Keeps your basket."
description.de-AT = "Merkt sich den Warenkorb."
lifetime = "90 minutes"
path = "/shop"
domain = ".Shop.example"
samesite = "none"
script_readable = true
partitioned = true
not_the_tracker = "No tracker."

[cookie.without_it]
en = "The basket would be empty."
de-AT = "Der Warenkorb bliebe leer."

[[cookie]]
name = "sid"
title = "Session"
purposes = "session"
description = "Keeps the visit together."
without_it = "You could not sign in."
lifetime = "session"
"""
    assert CookiePolicy.parse(text, source="here.toml") == CookiePolicy(
        site=Site(
            name="Shop",
            controller="Shop Ltd, 1 Sample Street",
            contact="privacy@shop.example",
            dpo="dpo@shop.example",
            authority="The authority",
            privacy_url="/privacy",
            languages=("en", "de-AT"),
            jurisdictions=("EU", "UK"),
        ),
        cookies=(
            DeclaredCookie(
                name="__Secure-basket",
                title={"en": "Basket", "de-AT": "Warenkorb"},
                purposes=(Purpose.USER_INPUT, Purpose.SECURITY),
                description={"en": "Keeps your basket.", "de-AT": "Merkt sich den Warenkorb."},
                without_it={
                    "en": "The basket would be empty.",
                    "de-AT": "Der Warenkorb bliebe leer.",
                },
                lifetime=timedelta(minutes=90),
                path="/shop",
                domain="shop.example",
                samesite="None",
                script_readable=True,
                partitioned=True,
                not_the_tracker="No tracker.",
            ),
            DeclaredCookie(
                name="sid",
                title="Session",
                purposes=(Purpose.SESSION,),
                description="Keeps the visit together.",
                without_it="You could not sign in.",
            ),
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# nothing\n", id="comment"),
        pytest.param("[site]\n", id="empty site"),
        pytest.param("cookie = []\n", id="no cookies"),
    ],
)
def test_nothing_declared_is_a_policy(text):
    """A file that declares nothing gives the empty policy."""
    assert CookiePolicy.parse(text) == CookiePolicy()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(entry().replace("\n", "\r\n"), id="CRLF"),
        pytest.param(entry().rstrip("\n"), id="no final newline"),
        pytest.param(entry().replace("[[cookie]]", " [[ cookie ]] # here"), id="spaced header"),
        pytest.param(entry().replace("name =", '"name"='), id="quoted key"),
        pytest.param(
            "cookie = [{" + ", ".join(f"{key} = {value}" for key, value in COMPLETE.items()) + "}]",
            id="inline",
        ),
    ],
)
def test_other_ways_to_write_the_same(text):
    """However TOML lets an entry be written, the same policy is read."""
    assert CookiePolicy.parse(text) == CookiePolicy.parse(entry())


def test_file_is_read_with_its_path(tmp_path):
    """A file is read by path object or text, and the policy remembers its path."""
    path = tmp_path / "cookies.toml"
    path.write_text(entry(title='"S\u00e9ance"'), encoding="utf-8")
    policy = CookiePolicy.load(path)
    assert policy == CookiePolicy.load(str(path))
    assert policy.source == str(path)
    assert policy.cookies[0].title == "S\u00e9ance"


# --- A dozen mistakes ---


def test_all_mistakes_are_told_with_their_lines():
    """A file with many different mistakes raises one error with each mistake on its line."""
    text = '''\
[site]
nme = "Shop"
name = 5
languages = ["english!"]
privacy_url = true

[[cookie]]
name = "sid"
title = """
[[cookie]]
name = "not an entry"
lifetime = 1
"""
purposes = ["analytics"]
description = "Keeps the visit together."
without_it = ""
lifetime = "1 year"
max_age = 5

[[cookie]]
name = "__Host-a"
title = "A"
purposes = ["security"]
description = "D"
without_it = "W"
lifetime = "31 days"
domain = "example.com"
samesite = "Sometimes"

[[cookie]]
title = 1
script_readable = "yes"

[[cookie]]
name = "twice"
title = "T"
purposes = ["security"]
description = "D"
without_it = "W"
lifetime = "1 day"

[[cookie]]
name = "twice"
title = "T"
purposes = ["security"]
description = "D"
without_it = "W"
lifetime = "1 day"

[settings]
mode = "off"
'''
    with pytest.raises(PolicyError) as caught:
        CookiePolicy.parse(text, source="/srv/shop/cookies.toml")
    assert list(caught.value.mistakes) == [
        "line 2: [site]: 'nme' is not known. Did you mean 'name'?",
        "line 3: [site]: name is 5: write text in quotes.",
        "line 4: [site]: languages is ['english!']: write language tags, for example "
        '["en", "de"].',
        "line 5: [site]: privacy_url is True: write text in quotes.",
        "line 14: Cookie 'sid': purpose 'analytics' is not strictly necessary and would need "
        "consent, which this library does not support. Remove the entry and what sets it.",
        "line 16: Cookie 'sid': without_it is empty. Write it for visitors, in a sentence.",
        "line 17: Cookie 'sid': lifetime is '1 year': '1 year' is not a valid duration. Write a "
        "whole "
        "number and seconds, minutes, hours or days, for example '4 hours'; or 'session'.",
        "line 18: Cookie 'sid': 'max_age' is not known. Write lifetime = \"4 hours\", or "
        '"session".',
        "line 26: Cookie '__Host-a': lifetime is 31 days, but a cookie for security may live at "
        "most 30 days (WP194 section 3). Shorten it.",
        "line 27: Cookie '__Host-a': domain is 'example.com', but __Host- allows none (RFC "
        "6265bis section 4.1.3). Remove domain or rename the cookie.",
        "line 28: Cookie '__Host-a': samesite is 'Sometimes'. Use 'Strict', 'Lax' or 'None'.",
        "line 30: [[cookie]] 3: it lacks name, purposes, description, without_it, lifetime. "
        "Add what is missing.",
        "line 31: [[cookie]] 3: title is 1: write text in quotes, or one for each language: "
        '{ en = "...", de = "..." }.',
        "line 32: [[cookie]] 3: script_readable is 'yes': write true or false, without quotes.",
        "line 43: Cookie 'twice' is declared more than once. Keep one entry.",
        f"line 50: 'settings' is not known. Known: {SECTION_NAMES}.",
    ]
    assert caught.value.source == "/srv/shop/cookies.toml"
    assert str(caught.value).splitlines()[0] == "/srv/shop/cookies.toml has 16 mistakes:"
    assert str(caught.value).splitlines()[1:] == [f"  - {line}" for line in caught.value.mistakes]


# --- Keys and sections ---


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        pytest.param(
            entry().replace("[[cookie]]", "[[cookies]]"),
            ["line 1: 'cookies' is not known. Did you mean 'cookie'?"],
            id="section with a near miss",
        ),
        pytest.param(
            "\n[Site]\n", ["line 2: 'Site' is not known. Did you mean 'site'?"], id="capital"
        ),
        pytest.param(
            "[tool.cookies]\nname = 1\n",
            [f"'tool' is not known. Known: {SECTION_NAMES}."],
            id="section of something else",
        ),
        pytest.param(
            "name = 'x'\n",
            [
                "line 1: 'name' is not known. It is above the first section. "
                f"Known: {SECTION_NAMES}."
            ],
            id="key outside",
        ),
        pytest.param(
            "[site]\ncontroler = 'x'\n",
            ["line 2: [site]: 'controler' is not known. Did you mean 'controller'?"],
            id="key with a near miss",
        ),
        pytest.param(
            "[site]\nzzz = 'x'\n",
            [f"line 2: [site]: 'zzz' is not known. Known: {SITE_KEYS}."],
            id="key far from any",
        ),
        pytest.param(
            entry() + "sameSite = 'Lax'\nhttponly = true\n",
            [
                "line 8: Cookie 'sid': 'sameSite' is not known. Did you mean 'samesite'?",
                "line 9: Cookie 'sid': 'httponly' is not known. It is always on; "
                "script_readable = true turns it off.",
            ],
            id="keys of a cookie",
        ),
        pytest.param(
            entry() + "[cookie.titel]\nen = 'x'\n",
            ["line 1: Cookie 'sid': 'titel' is not known. Did you mean 'title'?"],
            id="table in a cookie",
        ),
        pytest.param(
            entry().replace("[[cookie]]", "[cookie]"),
            ["line 1: [cookie]: write [[cookie]] with two brackets."],
            id="one bracket",
        ),
        pytest.param(
            "cookie = 'sid'\n",
            ["[cookie]: write [[cookie]] with two brackets."],
            id="cookie as text",
        ),
        pytest.param(
            "cookie = ['sid', 1]\n",
            [f"[[cookie]] {number}: {NO_TABLE}" for number in (1, 2)],
            id="cookies as texts",
        ),
        pytest.param(
            "site = 'Shop'\n",
            ["[site]: it is not a table. Write [site] on a line of its own."],
            id="site as text",
        ),
        pytest.param(
            "[[site]]\nname = 'Shop'\n",
            ["line 1: [site]: it is not a table. Write [site] on a line of its own."],
            id="site with two brackets",
        ),
        pytest.param(
            entry(description=None),
            ["line 1: Cookie 'sid': it lacks description. Add what is missing."],
            id="one key missing",
        ),
        pytest.param(
            entry(lifetime=None),
            ["line 1: Cookie 'sid': it lacks lifetime. Add what is missing."],
            id="lifetime must be message",
        ),
        pytest.param(
            "\n\n[[cookie]]\n",
            [
                "line 3: [[cookie]] 1: it lacks name, title, purposes, description, without_it, "
                "lifetime. Add what is missing."
            ],
            id="empty entry",
        ),
    ],
)
def test_unknown_and_missing(text, mistakes):
    """What is unknown is named with its near miss or what is known, what is missing by name."""
    assert mistakes_of(text) == mistakes


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        pytest.param("secure", "It is always on.", id="secure"),
        pytest.param("Secure", "It is always on.", id="as in the header"),
        pytest.param(
            "httponly", "It is always on; script_readable = true turns it off.", id="httponly"
        ),
        pytest.param(
            "HttpOnly", "It is always on; script_readable = true turns it off.", id="HttpOnly"
        ),
        pytest.param(
            "http_only", "It is always on; script_readable = true turns it off.", id="http_only"
        ),
        pytest.param("max_age", 'Write lifetime = "4 hours", or "session".', id="max_age"),
        pytest.param("Max-Age", 'Write lifetime = "4 hours", or "session".', id="Max-Age"),
        pytest.param("expires", 'Write lifetime = "4 hours", or "session".', id="expires"),
        pytest.param("category", "Write purposes = [...].", id="category"),
        pytest.param("SameSite", "Did you mean 'samesite'?", id="near miss"),
    ],
)
def test_key_of_another_library_is_hinted(key, hint):
    """A key that other libraries or the header itself know is refused with what to write here."""
    assert mistakes_of(entry(**{key: "1"})) == [
        f"line 8: Cookie 'sid': {key!r} is not known. {hint}"
    ]


def test_hints_are_for_cookies_only():
    """The same word under [site] is only unknown."""
    assert mistakes_of("[site]\nsecure = true\n") == [
        f"line 2: [site]: 'secure' is not known. Known: {SITE_KEYS}."
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("_ga", "this is a name commonly associated with ", id="tracker"),
        pytest.param("a b", "the name is not a token. ", id="no token"),
        pytest.param("__H*", "the pattern would cover names with a prefix ", id="whole prefix"),
        pytest.param("_ga_*", "the pattern would cover '_ga_*', a name ", id="tracker's pattern"),
    ],
)
def test_mistake_in_a_name_is_told_with_its_line(name, words):
    """A mistake in a name is reported on the line of the name, anywhere in the entry."""
    (mistake,) = mistakes_of(entry(name=None) + f"name = '{name}'\n")
    assert mistake.startswith(f"line 7: Cookie '{name}': {words}")


def test_odd_privacy_url_is_told_with_its_line():
    """What Site refuses is reported like any other mistake, together with those of the cookies."""
    text = "[site]\nname = 'Shop'\nprivacy_url = 'javascript:alert(1)'\n" + entry(path="'x'")
    assert mistakes_of(text) == [
        "line 3: [site]: privacy_url is 'javascript:alert(1)'. Write a path on this site such as "
        "'/privacy', or an https URL.",
        f"line 11: Cookie 'sid': path is 'x'. {PATH_HELP}",
    ]


STRINGS = ["name", "path", "domain", "samesite", "not_the_tracker"]
TEXTS = ["title", "description", "without_it"]
FLAGS = ["script_readable", "partitioned"]
SITE_STRINGS = ["name", "controller", "contact", "dpo", "authority", "privacy_url"]
NOT_TEXT = [
    pytest.param("1", "1", id="number"),
    pytest.param("true", "True", id="flag"),
    pytest.param("nan", "nan", id="not a number"),
    pytest.param("['x']", "['x']", id="list"),
    pytest.param("1979-05-27", "datetime.date(1979, 5, 27)", id="date"),
]


@pytest.mark.parametrize("key", STRINGS)
@pytest.mark.parametrize(("value", "message"), NOT_TEXT)
def test_wrong_type_for_a_string(key, value, message):
    """A key that holds one text refuses anything else, on its own line."""
    line = 2 + list({**COMPLETE, key: ""}).index(key)
    where = "[[cookie]] 1" if key == "name" else "Cookie 'sid'"
    assert mistakes_of(entry(**{key: value})) == [
        f"line {line}: {where}: {key} is {message}: write text in quotes."
    ]


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        *NOT_TEXT,
        pytest.param("{}", "{}", id="no language"),
        pytest.param("{ en = 1 }", "{'en': 1}", id="number in a language"),
        pytest.param("{ en = { us = 'x' } }", "{'en': {'us': 'x'}}", id="too deep"),
    ],
)
def test_wrong_type_for_a_text(key, value, message):
    """A text for visitors is one text or a table of them."""
    line = 2 + list(COMPLETE).index(key)
    assert mistakes_of(entry(**{key: value})) == [
        f"line {line}: Cookie 'sid': {key} is {message}: write text in quotes, or one for each "
        'language: { en = "...", de = "..." }.'
    ]


@pytest.mark.parametrize("key", FLAGS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("'true'", "'true'", id="text"),
        pytest.param("1", "1", id="number"),
        pytest.param("0", "0", id="zero"),
        pytest.param("[]", "[]", id="list"),
    ],
)
def test_wrong_type_for_a_flag(key, value, message):
    """A flag is true or false, never a number or a text."""
    assert mistakes_of(entry(**{key: value})) == [
        f"line 8: Cookie 'sid': {key} is {message}: write true or false, without quotes."
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("1", "1", id="number"),
        pytest.param("[1]", "[1]", id="list of numbers"),
        pytest.param("['security', 1]", "['security', 1]", id="mixed list"),
        pytest.param("[['security']]", "[['security']]", id="list of lists"),
        pytest.param("{ a = 1 }", "{'a': 1}", id="table"),
    ],
)
def test_wrong_type_for_purposes(value, message):
    """Purposes are a list of texts."""
    assert mistakes_of(entry(purposes=value)) == [
        f'line 4: Cookie \'sid\': purposes is {message}: write a list of texts: ["...", "..."].'
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("3600", "lifetime is 3600: write text in quotes.", id="number"),
        pytest.param(
            "12:00:00", "lifetime is datetime.time(12, 0): write text in quotes.", id="time"
        ),
        pytest.param(
            "'Session'",
            "lifetime is 'Session': 'Session' is not a valid duration. Write a whole number and "
            "seconds, "
            "minutes, hours or days, for example '4 hours'; or 'session'.",
            id="capital",
        ),
    ],
)
def test_wrong_lifetime(value, message):
    """A lifetime is the word session or a duration in quotes."""
    assert mistakes_of(entry(lifetime=value)) == [f"line 7: Cookie 'sid': {message}"]


@pytest.mark.parametrize("key", SITE_STRINGS)
def test_wrong_type_in_site(key):
    """Each text about the site refuses anything but text."""
    assert mistakes_of(f"[site]\n\n{key} = ['x']\n") == [
        f"line 3: [site]: {key} is ['x']: write text in quotes."
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("[]", "[]", id="empty"),
        pytest.param("['']", "['']", id="empty tag"),
        pytest.param("['en', 'deutsch!']", "['en', 'deutsch!']", id="no tag"),
        pytest.param("['en\\n']", "['en\\\\n']", id="backslash"),
        pytest.param('["en\\n"]', "['en\\n']", id="line break"),
    ],
)
def test_wrong_languages(value, message):
    """Languages are one or more language tags."""
    assert mistakes_of(f"[site]\nlanguages = {value}\n") == [
        f'line 2: [site]: languages is {message}: write language tags, for example ["en", "de"].'
    ]


@pytest.mark.parametrize("key", ["languages", "jurisdictions"])
def test_wrong_list_in_site_gets_a_fitting_example(key):
    """The example for a list about the site is one that the site could write."""
    (mistake,) = mistakes_of(f"[site]\n{key} = 5\n")
    assert mistake.startswith(f"line 2: [site]: {key} is 5: ")
    assert "security" not in mistake


def test_long_value_is_cut():
    """A long value is shown by its beginning only."""
    assert mistakes_of(entry(path=str(["x" * 100]))) == [
        f"line 8: Cookie 'sid': path is ['{'x' * 55}...: write text in quotes."
    ]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": None}, id="missing"),
        pytest.param({"name": "5"}, id="of another type"),
    ],
)
def test_entry_without_a_name_is_not_given_one(changes):
    """Where the name is missing, other mistakes name the entry by its number."""
    assert all("[[cookie]] 1: " in mistake for mistake in mistakes_of(entry(path="'x'", **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"purposes": "5", "lifetime": "'60 days'"}, id="purposes"),
        pytest.param(
            {"samesite": "5", "partitioned": "true"},
            id="samesite",
        ),
        pytest.param({"samesite": "'Noen'", "partitioned": "true"}, id="samesite misspelt"),
    ],
)
def test_unreadable_key_causes_no_second_mistake(changes):
    """One unreadable key is one mistake, without another about a value that is not in the file."""
    assert len(mistakes_of(entry(**changes))) == 1


def test_repeated_names_are_told_beside_other_mistakes():
    """A duplicate name is reported on its line, even if entries have other mistakes."""
    text = entry() + entry() + entry(name='"other"', path="'x'")
    assert mistakes_of(text) == [
        "line 9: Cookie 'sid' is declared more than once. Keep one entry.",
        f"line 22: Cookie 'other': path is 'x'. {PATH_HELP}",
    ]
    assert mistakes_of(entry() + entry(path="'x'")) == [
        "line 9: Cookie 'sid' is declared more than once. Keep one entry.",
        f"line 15: Cookie 'sid': path is 'x'. {PATH_HELP}",
    ]


def test_each_repetition_is_told():
    """A name with three entries is reported for two of them; names are case-sensitive."""
    text = entry() + entry(name='"SID"') + entry() + entry()
    assert mistakes_of(text) == [
        "line 16: Cookie 'sid' is declared more than once. Keep one entry.",
        "line 23: Cookie 'sid' is declared more than once. Keep one entry.",
    ]


# --- Lines ---


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(entry() + "pth = 1\n", 8, id="plain"),
        pytest.param((entry() + "pth = 1\n").replace("\n", "\r\n"), 8, id="CRLF"),
        pytest.param(entry(pth="1", path="'/'"), 8, id="not the last"),
        pytest.param(entry() + "  pth=1\n", 8, id="indented"),
        pytest.param(entry() + "pth.a.b = 1\n", 8, id="dotted"),
        pytest.param(entry() + "\n# [[cookie]]\n# pth = 1\n\npth = 1\n", 12, id="comments"),
        pytest.param(
            entry(title='"""\n[[cookie]]\nname = 1\npth = 2\n[site]\n"""') + "pth = 1\n",
            13,
            id="multi-line text",
        ),
        pytest.param(
            entry(title="'''\n\"\"\"\n[[cookie]]\n'''") + "pth = 1\n", 11, id="literal text"
        ),
        pytest.param(
            entry(title="'''one line'''") + "pth = 1\n", 8, id="multi-line quotes on one line"
        ),
        pytest.param(entry(title='"""\nends with a quote""""') + "pth = 1\n", 9, id="four quotes"),
        pytest.param(
            entry(purposes='[\n  "security",\n]') + "pth = 1\n", 10, id="list on several lines"
        ),
        pytest.param(
            entry(name="'a'") + entry() + "[site]\n" + entry(name="'x'", pth="1"), 23, id="third"
        ),
        pytest.param(entry() + '"pth" = 1\n', 1, id="quoted key: the entry's line"),
        pytest.param(
            entry() + "[cookie.pth]\nx = 1\n", 1, id="table in a cookie: the entry's line"
        ),
    ],
)
def test_mistake_is_told_with_its_line(text, line):
    """A mistake is reported with the line of its key, or of its entry if the key's is unclear."""
    (mistake,) = mistakes_of(text)
    assert mistake.startswith(f"line {line}: ")
    assert mistake.endswith("'pth' is not known. Did you mean 'path'?")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("# a\u2028b\n" + entry() + "pth = 1\n", 9, id="line separator"),
        pytest.param("# a\x85b\n" + entry() + "pth = 1\n", 9, id="next line"),
        pytest.param("# isn't it ''' fun\n" + entry() + "pth = 1\n", 9, id="quotes in a comment"),
        pytest.param(
            entry(title='\'three """ quotes\'') + "pth = 1\n", 8, id="quotes in another text"
        ),
        pytest.param(
            entry(title='"""\none \\""" escaped\n"""') + "pth = 1\n", 10, id="escaped quote"
        ),
    ],
)
def test_unusual_text_does_not_shift_lines(text, line):
    """Rare but valid TOML does not make a mistake appear on another line or on none."""
    (mistake,) = mistakes_of(text)
    assert mistake.startswith(f"line {line}: ")


# --- Other sections ---

OTHERS = """\
[[storage]]
name = "draft-*"
kind = "local"
title.en = "Unsent order"
purposes = ["user_input"]
description = "Keeps what you typed."
without_it = "You would type it again."
lifetime = "4 hours"
not_the_tracker = "No tracker."

[[storage]]
name = "draft-*"
kind = "session"
title = "Unsent order"
purposes = "user_input"
description = "Keeps what you typed."
without_it = "You would type it again."
lifetime = "session"

[[preference]]
name = "theme"
title = "Colours"
choices = ["light", "dark"]
default = "light"
description = "Changes the colours."

[[recipient]]
name = "Maps Ltd"
role = "Maps"
data = { en = "The address.", de = "Die Adresse." }
purpose = "To show where a customer is."
country = ["IE", "US"]
safeguard = "Standard contractual clauses"

[[recipient]]
name = "Hosting AG"
role = "Hosting"
data = "Everything."
purpose = "To run the servers."
country = "DE"

[[external_origin]]
origin = "https://Maps.example.com:443"
kinds = ["image", "connect"]
reason = "Maps of the customers."
recipient = "Maps Ltd"
not_the_tracker = "No tracker."
"""


def test_other_sections_are_read():
    """Storage, preferences, recipients and external origins become entries, in their order."""
    assert CookiePolicy.parse(OTHERS) == CookiePolicy(
        storage=(
            DeclaredStorage(
                name="draft-*",
                kind="local",
                title={"en": "Unsent order"},
                purposes=(Purpose.USER_INPUT,),
                description="Keeps what you typed.",
                without_it="You would type it again.",
                lifetime=timedelta(hours=4),
                not_the_tracker="No tracker.",
            ),
            DeclaredStorage(
                name="draft-*",
                kind="session",
                title="Unsent order",
                purposes=(Purpose.USER_INPUT,),
                description="Keeps what you typed.",
                without_it="You would type it again.",
            ),
        ),
        preferences=(
            DeclaredPreference(
                name="theme",
                title="Colours",
                choices=("light", "dark"),
                default="light",
                description="Changes the colours.",
            ),
        ),
        recipients=(
            Recipient(
                name="Maps Ltd",
                role="Maps",
                data={"en": "The address.", "de": "Die Adresse."},
                purpose="To show where a customer is.",
                country=("IE", "US"),
                safeguard="Standard contractual clauses",
            ),
            Recipient(
                name="Hosting AG",
                role="Hosting",
                data="Everything.",
                purpose="To run the servers.",
                country=("DE",),
            ),
        ),
        external_origins=(
            ExternalOrigin(
                origin="https://maps.example.com",
                kinds=("image", "connect"),
                reason="Maps of the customers.",
                recipient="Maps Ltd",
                not_the_tracker="No tracker.",
            ),
        ),
    )


def test_mistakes_of_other_sections_are_told_with_their_lines():
    """Every mistake in every section is reported at once, each on the line of its key."""
    text = """\
[[external_origin]]
origin = "https://www.google-analytics.com"
kinds = ["script", "pixel"]
reason = ""
recipient = "Gogle"

[[external_origin]]
origin = "http://cdn.example.com/lib.js"
kind = ["script"]
reason = "Charts."
recipient = 5

[[external_origin]]
url = "https://cdn.example.com"

[[recipient]]
name = "Google"
role = "Statistics"
data = "Everything."
purpose = "To count."
country = "US"

[[recipient]]
name = "Phone Ltd"
role = "Phones"
data = "Numbers."
country = "UK"
safeguards = "Clauses"

[[storage]]
name = "_gcl_ls"
kind = "localStorage"
title = "T"
purposes = ["security"]
description = "D"
without_it = "W"
type = "x"

[[storage]]
name = "basket"
kind = "local"
title = "T"
purposes = ["user_input", "tracking"]
description = "D"
without_it = "W"
lifetime = "90 days"

[[storage]]
name = "token"
kind = "indexeddb"
title = "T"
purposes = ["authentication"]
description = "D"
without_it = "W"
lifetime = "session"

[[preference]]
name = "rows per page"
title = "Rows"
choices = [10, 25]
default = 10
description = "D"

[[preference]]
name = "theme"
title = "Colours"
choices = ["light", "dark"]
default = "drak"
lifetime = "session"

[[preference]]
name = "theme"
title = "Colours"
choices = ["light"]
default = "light"
description = "D"
"""
    assert mistakes_of(text) == [
        "line 2: External origin 'https://www.google-analytics.com': this is a host commonly "
        "associated with Google Analytics (analytics), which is not strictly necessary. Remove "
        "the entry and what loads from it; if it is something else, say so: "
        'not_the_tracker = "why".',
        "line 3: External origin 'https://www.google-analytics.com': kind 'pixel' is not known. "
        "Known: script, style, image, font, frame, connect, form.",
        "line 4: External origin 'https://www.google-analytics.com': reason is empty. Write it "
        "for visitors, in a sentence.",
        "line 5: External origin 'https://www.google-analytics.com': recipient is 'Gogle', but no "
        "[[recipient]] has that name. Did you mean 'Google'?",
        "line 7: External origin 'http://cdn.example.com/lib.js': it lacks kinds. Add what is "
        "missing.",
        "line 8: External origin 'http://cdn.example.com/lib.js': origin is "
        "'http://cdn.example.com/lib.js': it has more than an origin. Write scheme and host "
        "alone, for example 'https://cdn.example.com'.",
        "line 9: External origin 'http://cdn.example.com/lib.js': 'kind' is not known. Did you "
        "mean 'kinds'?",
        "line 11: External origin 'http://cdn.example.com/lib.js': recipient is 5: write text in "
        "quotes.",
        "line 13: [[external_origin]] 3: it lacks origin, kinds, reason, recipient. Add what is "
        "missing.",
        "line 14: [[external_origin]] 3: 'url' is not known. Write origin = \"https://...\".",
        "line 21: Recipient 'Google': country is US, outside the European Economic Area and the "
        "United Kingdom, but there is no safeguard. Name what protects the data there: safeguard "
        '= "Standard contractual clauses", or the adequacy decision.',
        "line 23: Recipient 'Phone Ltd': it lacks purpose. Add what is missing.",
        "line 27: Recipient 'Phone Ltd': country is 'UK'. Use two-letter codes of ISO 3166-1 such "
        "as 'DE', or 'EU'. Did you mean 'GB'?",
        "line 28: Recipient 'Phone Ltd': 'safeguards' is not known. Did you mean 'safeguard'?",
        "line 30: Storage '_gcl_ls': it lacks lifetime. Add what is missing.",
        "line 31: Storage '_gcl_ls': this is a name commonly associated with Google Ads "
        "(marketing), which is not strictly necessary. Remove the entry and what sets it; if it "
        'is something else, say so: not_the_tracker = "why".',
        "line 32: Storage '_gcl_ls': kind is 'localStorage'. Use one of 'local', 'session', "
        "'indexeddb', 'cache'.",
        "line 37: Storage '_gcl_ls': 'type' is not known. Write kind = \"local\", \"session\", "
        '"indexeddb" or "cache".',
        "line 43: Storage 'basket': purpose 'tracking' is not strictly necessary and would need "
        "consent, which this library does not support. Remove the entry and what sets it.",
        "line 46: Storage 'basket': lifetime is 90 days, but storage for user_input may live at "
        "most 4 hours (WP194 section 3). Shorten it.",
        "line 50: Storage 'token': kind is 'indexeddb', which no browser ends by itself, but an "
        "item for authentication may live only until the browser closes (WP194 section 3). Use "
        'kind = "session", or a cookie.',
        "line 58: Preference 'rows per page': invalid name. Begin with a letter, and use "
        "at most 64 letters, digits, '-' and '_'.",
        "line 60: Preference 'rows per page': choices is [10, 25]: write a list of texts: "
        '["...", "..."].',
        "line 61: Preference 'rows per page': default is 10: write text in quotes.",
        "line 64: Preference 'theme': it lacks description. Add what is missing.",
        "line 68: Preference 'theme': default is 'drak', which is not one of the choices. Use one "
        "of 'light', 'dark'.",
        "line 69: Preference 'theme': 'lifetime' is not known. A preference ends with its session.",
        "line 72: Preference 'theme' is declared more than once. Keep one entry.",
        "line 74: Preference 'theme': choices is ['light']. Name at least two, each once.",
    ]


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        pytest.param(
            OTHERS.replace("[[recipient]]\nname = \"Hosting", "[[recipients]]\nname = \"Hosting"),
            ["line 35: 'recipients' is not known. Did you mean 'recipient'?"],
            id="plural",
        ),
        pytest.param(
            "[recipient]\nname = 'x'\n" + OTHERS[OTHERS.index("[[external") :],
            ["line 1: [recipient]: write [[recipient]] with two brackets."],
            id="one bracket causes no second mistake",
        ),
        pytest.param(
            "external_origin = ['https://cdn.example.com']\n",
            ["[[external_origin]] 1: it is not a table. Write [[external_origin]] on a line of its "
             "own, then its keys."],
            id="origins as texts",
        ),
        pytest.param(
            OTHERS.replace('kind = "session"', 'kind = "local"').replace('"session"', '"1 hour"'),
            ["line 12: Storage 'draft-*' is declared more than once. Keep one entry."],
            id="storage of one kind",
        ),
        pytest.param(
            OTHERS + OTHERS[OTHERS.index("[[external") :].replace(":443", ""),
            ["line 49: External origin 'https://Maps.example.com' is declared more than once. "
             "Keep one entry."],
            id="one origin in two spellings",
        ),
        pytest.param(
            OTHERS.replace('purposes = ["user_input"]', "purposes = 5"),
            ["line 5: Storage 'draft-*': purposes is 5: write a list of texts: "
             '["...", "..."].'],
            id="purposes of storage",
        ),
        pytest.param(
            OTHERS.replace('kind = "local"', "kind = 5"),
            ["line 3: Storage 'draft-*': kind is 5: write text in quotes."],
            id="kind of storage",
        ),
        pytest.param(
            OTHERS.replace('safeguard = "Standard contractual clauses"', "safeguard = true"),
            ["line 33: Recipient 'Maps Ltd': safeguard is True: write text in quotes, or one for "
             'each language: { en = "...", de = "..." }.'],
            id="safeguard",
        ),
        pytest.param(
            OTHERS.replace('default = "light"', "").replace('["light", "dark"]', "[]"),
            ["line 20: Preference 'theme': it lacks default. Add what is missing.",
             "line 23: Preference 'theme': choices is []. Name at least two, each once."],
            id="no default, no choices",
        ),
    ],
)  # fmt: skip
def test_one_slip_in_another_section_is_one_mistake(text, mistakes):
    """A typo is reported once, in the words of its section, and causes no other mistake."""
    assert mistakes_of(text) == mistakes


# --- Hostile files ---


@pytest.mark.parametrize(
    ("data", "mistake"),
    [
        pytest.param(
            b"\xff\xfe[\x00", "line 1: the file is not UTF-8. Save it as UTF-8.", id="UTF-16"
        ),
        pytest.param(
            b"[site]\n\nname = '\xe9'\n",
            "line 3: the file is not UTF-8. Save it as UTF-8.",
            id="latin-1",
        ),
        pytest.param(
            b"#\n" * (5 * 1024 * 512),
            "The file is larger than 4194304 bytes. Is it the right file?",
            id="5 MiB",
        ),
    ],
)
def test_hostile_file_is_refused(tmp_path, data, mistake):
    """A binary or huge file is refused with the place and the way out."""
    path = tmp_path / "cookies.toml"
    path.write_bytes(data)
    with pytest.raises(PolicyError) as caught:
        CookiePolicy.load(path)
    assert str(caught.value) == f"{path} has 1 mistake:\n  - {mistake}"


def test_largest_file_is_read(tmp_path):
    """A file of exactly the largest size is read."""
    path = tmp_path / "cookies.toml"
    path.write_bytes(b"#".ljust(MAX_FILE_BYTES))
    assert CookiePolicy.load(path) == CookiePolicy()


@pytest.mark.parametrize(
    ("text", "start"),
    [
        pytest.param("[site", "The file is not valid TOML: ", id="header not closed"),
        pytest.param("name", "The file is not valid TOML: ", id="no value"),
        pytest.param(
            "[site]\nname = 'a'\nname = 'b'\n", "The file is not valid TOML: ", id="key twice"
        ),
        pytest.param("[site]\n[site]\n", "The file is not valid TOML: ", id="section twice"),
        pytest.param("a = \x00", "The file is not valid TOML: ", id="NUL"),
        pytest.param("\x7fELF\x02\x01", "The file is not valid TOML: ", id="binary"),
        pytest.param(entry().replace("\n", "\r"), "The file is not valid TOML: ", id="CR alone"),
        pytest.param(
            "a = " + "9" * 5000, "The file is not valid TOML: ", id="number of 5000 digits"
        ),
        pytest.param(
            "a = " + "[" * 50_000, "The file is not valid TOML: ", id="deep lists, not closed"
        ),
        pytest.param("{" * 50_000, "The file is not valid TOML: ", id="braces"),
        pytest.param("'''" + entry(), "The file is not valid TOML: ", id="text not closed"),
    ],
)
def test_text_that_is_no_toml(text, start):
    """A text that is not TOML is one mistake in the parser's words, never a crash."""
    (mistake,) = mistakes_of(text)
    assert mistake.startswith(start)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 20_000 + "]" * 20_000, id="lists"),
        pytest.param("a = " + "{a=" * 20_000 + "1" + "}" * 20_000, id="inline tables"),
        pytest.param("[" + "a." * 5000 + "a]\n", id="header"),
        pytest.param("[site." + "a." * 5000 + "a]\n", id="header in site"),
        pytest.param(entry(path="[" * 90 + "]" * 90), id="ninety lists in a key"),
    ],
)
def test_deep_nesting_is_refused(text):
    """However deep a file is nested, it is refused as a policy error."""
    assert len(mistakes_of(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(entry() + "path." + "a." * 3000 + "a = 1\n", id="deep dotted key"),
        pytest.param(entry(path="0x" + "f" * 5000), id="hexadecimal number of 5000 digits"),
    ],
)
def test_value_that_can_not_be_shown_is_refused(text):
    """A value whose repr fails is refused like any other wrong value."""
    assert len(mistakes_of(text)) == 1


def test_byte_order_mark_is_passed_over(tmp_path):
    """A file with a byte order mark, as Windows editors save it, is read like any other."""
    path = tmp_path / "cookies.toml"
    path.write_text(entry(), encoding="utf-8-sig")
    assert CookiePolicy.load(path) == CookiePolicy.parse(entry())


def test_byte_order_mark_is_at_most_a_policy_error():
    """A byte order mark never gives anything but a policy or a PolicyError."""
    assert len(mistakes_of("\ufeff" + entry())) <= 1


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda path: None, "No such file or directory", id="missing"),
        pytest.param(os.mkdir, "Is a directory", id="directory"),
        pytest.param(
            lambda path: os.symlink(path, path), "Too many levels of symbolic links", id="loop"
        ),
    ],
)
def test_unreadable_file_is_told(tmp_path, make, problem):
    """A path that can't be read is reported in the system's words, without a chained traceback."""
    path = tmp_path / "cookies.toml"
    make(path)
    with pytest.raises(PolicyError) as caught:
        CookiePolicy.load(path)
    assert str(caught.value) == (
        f"{path} has 1 mistake:\n  - The file can't be read: {problem}. Fix its path or mode."
    )
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        pytest.param(PermissionError(13, "Permission denied"), "Permission denied", id="mode"),
        pytest.param(TimeoutError(), "TimeoutError", id="without a text"),
    ],
)
def test_system_error_is_told(monkeypatch, error, problem):
    """The system's message about a file is reported; without one, the type of the error."""

    def refuse(*args, **kwargs):
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PolicyError) as caught:
        CookiePolicy.load("cookies.toml")
    assert caught.value.mistakes == (f"The file can't be read: {problem}. Fix its path or mode.",)


def test_file_without_read_permission_is_told(tmp_path):
    """A file that the application may not read is reported."""
    path = tmp_path / "cookies.toml"
    path.write_text(entry())
    path.chmod(0)
    owner = os.geteuid()
    if owner == 0:
        # Root reads any file, so be nobody for a moment.
        os.seteuid(65_534)
    try:
        with pytest.raises(PolicyError, match="The file can't be read: Permission denied"):
            CookiePolicy.load(path)
    finally:
        os.seteuid(owner)


def test_path_with_nul_is_refused():
    """A path that no system can open is refused as a policy error."""
    with pytest.raises(PolicyError):
        CookiePolicy.load("cookies\0.toml")


# --- Anything at all ---

fragments = st.sampled_from(
    [
        *("[[cookie]]\n", "[site]\n", "[cookie.title]\n", "[[", "]]", "\n", "\r\n", "#", "=", "."),
        *('"""', "'''", '"', "'", "\\", "{", "}", ",", " = ", "\ufeff", "\x00", "\u2028"),
        *(f"{key} = {value}\n" for key, value in COMPLETE.items()),
        *("true", "1", "-1e400", "nan", "2020-01-01T00:00:00Z", "0x1F", "name", "languages"),
    ]
)


@given(st.text() | st.lists(fragments).map("".join) | st.lists(fragments).map("\n".join))
@example(entry() + entry() + "[site]\nname = 1\n")
def test_any_text_gives_a_policy_or_a_policy_error(text):
    """Any text gives a policy or a PolicyError with a mistake to fix, nothing else."""
    error = error_of(CookiePolicy.parse, text)
    if error is not None:
        assert error.mistakes
        assert error.source == "cookies.toml"
        assert error.__cause__ is None


@given(st.binary(max_size=200))
def test_any_data_give_a_policy_or_a_policy_error(tmp_path_factory, data):
    """Any bytes in a file give a policy or a PolicyError."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    error = error_of(CookiePolicy.load, path)
    assert error is None or error.source == str(path)


def toml(value):
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    return repr(value)


words = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    [*COMPLETE.values(), *Purpose, "4 hours", "session", "None", "_ga", "__Host-a", "a*", "/x"]
)
toml_values = st.recursive(
    words | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(SITE_KEYS.split(", ")) | words, toml_values, max_size=4),
    st.lists(
        st.dictionaries(st.sampled_from(COOKIE_KEYS.split(", ")) | words, toml_values, max_size=12),
        max_size=3,
    ),
)
def test_any_values_give_a_policy_or_a_policy_error(site, cookies):
    """Any TOML value under any key gives a policy or a PolicyError, nothing else."""
    lines = ["[site]", *(f"{toml(key)} = {toml(value)}" for key, value in site.items())]
    for cookie in cookies:
        lines.append("[[cookie]]")
        lines += [f"{toml(key)} = {toml(value)}" for key, value in cookie.items()]
    mistakes = mistakes_of("\n".join(lines))
    assert all("is not valid TOML" not in mistake for mistake in mistakes)


@given(
    st.lists(
        st.sampled_from(
            [(table, key) for table in ENTRY_SECTIONS for key in ENTRY_SECTIONS[table].keys]
        ),
        max_size=12,
    ).flatmap(lambda keys: st.tuples(st.just(keys), st.tuples(*[toml_values] * len(keys))))
)
def test_any_values_in_any_section(drawn):
    """Any TOML value under any key of any section gives a policy or a PolicyError."""
    tables = {}
    for (table, key), value in zip(*drawn, strict=True):
        entries = tables.setdefault(table, [{}])
        if key in entries[-1]:
            entries.append({})
        entries[-1][key] = value
    lines = []
    for table, entries in tables.items():
        for values in entries:
            lines.append(f"[[{table}]]")
            lines += [f"{key} = {toml(value)}" for key, value in values.items()]
    mistakes = mistakes_of("\n".join(lines))
    assert all("is not valid TOML" not in mistake for mistake in mistakes)


@given(st.sampled_from(COOKIE_KEYS.split(", ")), toml_values)
def test_any_value_in_a_complete_entry(key, value):
    """Any TOML value for one key of a valid entry is accepted, or reported with its name."""
    for mistake in mistakes_of(entry(**{key: toml(value)})):
        assert mistake.startswith(("line ", "Cookie "))
