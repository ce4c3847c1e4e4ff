"""
The tests over each Python that is installed, and over the lowest and newest dependencies.

``nox`` runs all, ``nox -s lowest`` one; what follows ``--`` goes to pytest. ``make test`` is the
same with one Python and the versions of ``constraints.txt``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, GROUPS = SETTINGS["project"], SETTINGS["dependency-groups"]
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
    session.install("--constraint", str(TRIED), "--editable", ".[all]", "--group", "test")
    _test(session, *(session.posargs or ("-n", "2")))


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Test with the lowest versions that pyproject.toml allows, without what needs newer ones."""
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("\n".join(_lower_bounds()), "utf-8")
    own = (line for line in GROUPS["test"] if isinstance(line, str))
    session.install("--constraint", str(constraints), "--editable", ".[all]", *own)
    newer = ("--ignore", "tests/fits", "--ignore", "tests/test_benchmarks.py")
    _test(session, *(session.posargs or ("-n", "2")), *newer)


@nox.session(python=PYTHONS[0])
def newest(session: nox.Session) -> None:
    """Test with the newest versions that there are."""
    session.install("--upgrade", "--editable", ".[all]", "--group", "test")
    _test(session, *(session.posargs or ("-n", "2")))


def _test(session: nox.Session, *arguments: str) -> None:
    session.run("npm", "--prefix", "tests/judges", "install", silent=True)
    session.run("pytest", *arguments)


def _lower_bounds() -> list[str]:
    """Pin what the library and its extras need to the lower bounds."""
    extras = PROJECT["optional-dependencies"].values()
    needed = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    return [line.replace(" >=", "==") for line in needed if " >=" in line]
