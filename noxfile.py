"""
The tests over each Python that is installed, and over the lowest and newest dependencies.

``nox`` runs all, ``nox -s lowest`` one; what follows ``--`` goes to pytest. ``make test`` is the
same with one Python and the versions of ``constraints.txt``.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TRIED = ROOT / "constraints.txt"
PYTHONS = [
    entry.rpartition(" ")[2]
    for entry in PROJECT["classifiers"]
    if entry.startswith("Programming Language :: Python :: 3.")
]

nox.options.error_on_missing_interpreters = False
nox.needs_version = ">=2024.10.9"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Test with the versions that were tried together."""
    _test(session, "--constraint", str(TRIED))


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Test with the lowest versions that pyproject.toml allows."""
    lower = dict(_lower_bounds())
    tried = [
        line
        for line in TRIED.read_text("utf-8").splitlines()
        if _normal(line.partition("==")[0]) not in lower
    ]
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("\n".join([*tried, *(f"{n}=={v}" for n, v in lower.items())]), "utf-8")
    _test(session, "--constraint", str(constraints))


@nox.session(python=PYTHONS[0])
def newest(session: nox.Session) -> None:
    """Test with the newest versions that there are."""
    _test(session, "--upgrade")


def _test(session: nox.Session, *options: str) -> None:
    session.install("--upgrade", "pip >=25.1")
    session.install(*options, "--editable", ".[all]", "--group", "test")
    session.run("npm", "--prefix", "tests/judges", "install", silent=True)
    session.run("pytest", *(session.posargs or ("-n", "2")))


def _lower_bounds() -> list[tuple[str, str]]:
    """List what the library and its extras need, each with its lower bound."""
    extras = PROJECT["optional-dependencies"].values()
    needed = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    pairs = (re.fullmatch(r"([\w-]+) >=([\w.]+)", line) for line in needed)
    return [(_normal(found[1]), found[2]) for found in pairs if found]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
