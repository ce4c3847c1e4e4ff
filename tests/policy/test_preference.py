"""What a visitor may choose: names, choices and the default."""

from __future__ import annotations

import pytest

from strict_cookies.errors import PolicyError
from tests.policies import prefer


def mistakes_of(name="theme", **options):
    """List what is wrong with an entry, without the words that name it."""
    try:
        prefer(name, **options)
    except PolicyError as error:
        return [mistake.partition(": ")[2] for mistake in error.mistakes]
    return []


@pytest.mark.parametrize("name", ["theme", "rows_per-page2", "T", "a" * 64])
def test_usable_name_is_kept(name):
    """A name begins with a letter and is fit for a key, a form field and a URL."""
    assert prefer(name).name == name


@pytest.mark.parametrize("name", ["", "2nd", "rows per page", "\u00e9cran", "a" * 65, "a\n"])
def test_unusable_name_is_refused(name):
    """Any other name is refused with the allowed characters."""
    assert mistakes_of(name) == [
        "invalid name. Begin with a letter, and use at most 64 letters, digits, '-' and '_'."
    ]


CHOICE_HELP = "Use texts of 1 to 64 printable characters."


@pytest.mark.parametrize(
    ("options", "mistakes"),
    [
        pytest.param({"choices": ["10", "25"], "default": "25"}, [], id="list"),
        pytest.param({"choices": ("x" * 64, "two words"), "default": "two words"}, [], id="long"),
        pytest.param(
            {"choices": (), "default": "x"},
            ["choices is []. Name at least two, each once."],
            id="none",
        ),
        pytest.param(
            {"choices": ("one",)}, ["choices is ['one']. Name at least two, each once."], id="one"
        ),
        pytest.param(
            {"choices": ("one", "two", "one")},
            ["choices is ['one', 'two', 'one']. Name at least two, each once."],
            id="one twice",
        ),
        pytest.param({"choices": (10, 25)}, [f"choices has 10. {CHOICE_HELP}"], id="numbers"),
        pytest.param({"choices": ("one", "")}, [f"choices has ''. {CHOICE_HELP}"], id="empty"),
        pytest.param(
            {"choices": ("one", "x" * 65)}, [f"choices has '{'x' * 65}'. {CHOICE_HELP}"], id="65"
        ),
        pytest.param(
            {"choices": ("one", "a\nb")}, [f"choices has 'a\\nb'. {CHOICE_HELP}"], id="line break"
        ),
        pytest.param(
            {"default": "three"},
            ["default is 'three', which is not one of the choices. Use one of 'one', 'two'."],
            id="default",
        ),
        pytest.param(
            {"title": "", "description": {}, "default": "x"},
            [
                "default is 'x', which is not one of the choices. Use one of 'one', 'two'.",
                "title is empty. Write it for visitors, in a sentence.",
                "description is empty. Write it for visitors, in a sentence.",
            ],
            id="all at once",
        ),
        pytest.param(
            {"choices": "one", "default": None},
            ["default is None. Use text.", "choices is 'one'. Use a tuple of texts."],
            id="types",
        ),
    ],
)
def test_choices_and_default(options, mistakes):
    """There are at least two short texts to choose from, and the default is one of them."""
    assert mistakes_of(**options) == mistakes


def test_choices_can_not_be_changed_afterwards():
    """What was checked stays what it was."""
    choices = ["one", "two"]
    preference = prefer("theme", choices=choices)
    choices.append("three")
    assert preference.choices == ("one", "two")
