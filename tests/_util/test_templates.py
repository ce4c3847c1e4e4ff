"""Templates find registered names as they find globals, at no cost if none is used."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from jinja2.runtime import Context

from strict_cookies._util.templates import register_template_names

#: Each of the ways in which a template may come to a name.
PAGES = {
    "page": "{{ told() }}",
    "inside.html": "{{ told() }}",
    "include": "{% include 'inside.html' %}",
    "include without context": "{% include 'inside.html' without context %}",
    "macros.html": "{% macro show() %}{{ told() }}{% endmacro %}",
    "import": "{% import 'macros.html' as macros %}{{ macros.show() }}",
    "from": "{% from 'macros.html' import show %}{{ show() }}",
    "base.html": "{% block main %}{% endblock %}",
    "block": "{% extends 'base.html' %}{% block main %}{{ told() }}{% endblock %}",
    "loop": "{% for _ in [1] %}{{ told() }}{% endfor %}",
    "defined": "{{ told() if told is defined }}",
}


def make_environment(**options):
    environment = Environment(loader=DictLoader(PAGES), undefined=StrictUndefined, **options)
    register_template_names(environment, {"told": lambda: "ours"})
    return environment


@pytest.mark.parametrize("page", [name for name in PAGES if not name.endswith(".html")])
def test_name_is_found_wherever_a_global_is(page):
    """In the page, in blocks and loops, and in what it includes and imports."""
    assert make_environment().get_template(page).render() == "ours"


def test_what_the_application_has_goes_first():
    """Its variables and its globals, whether they were there before or not."""
    environment = make_environment()
    assert environment.get_template("page").render(told=lambda: "theirs") == "theirs"
    environment.globals["told"] = lambda: "global"
    assert environment.from_string(PAGES["page"]).render() == "global"


def test_other_names_stay_undefined():
    """What nobody offers is what it was before, in a strict environment an error."""
    with pytest.raises(UndefinedError, match="'unheard' is undefined"):
        make_environment().from_string("{{ unheard() }}").render()


def test_names_are_those_of_one_environment():
    """Another application's templates get nothing, and a second offer adds to the first."""
    environment, other = make_environment(), Environment()
    register_template_names(environment, {"more": "more"})
    assert environment.from_string("{{ told() }} {{ more }}").render() == "ours more"
    assert other.from_string("{{ told is defined }}").render() == "False"
    register_template_names(other, {"told": lambda: "other"})
    assert environment.from_string("{{ told() }}").render() == "ours"


def test_own_class_of_contexts_is_kept():
    """An application that looks up names in its own way goes on doing so."""

    class Shouting(Context):
        def resolve_or_missing(self, key):
            return (lambda: "shouted") if key == "LOUD" else super().resolve_or_missing(key)

    environment = Environment()
    environment.context_class = Shouting
    register_template_names(environment, {"told": lambda: "ours"})
    assert environment.from_string("{{ LOUD() }} {{ told() }}").render() == "shouted ours"
    assert issubclass(environment.context_class, Shouting)


def test_pages_that_use_none_copy_none():
    """Nothing is among the globals, which Jinja copies one by one for each page."""
    environment, plain = make_environment(), Environment()
    assert environment.globals.keys() == plain.globals.keys()
