"""
Find words that the project replaces with plain English: ``python scripts/check_words.py``.

Python files are read by token (comments, docstrings, other strings, and names split into words);
Markdown, templates and TOML by line. Markdown's code blocks and quotations, and comments that
begin with ``Source:``, may use other words. Each hit is printed as ``file:line: word -> better``;
the exit code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import io
import keyword
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DEFAULT_PATHS = ("src", "example_app", "docs", "README.md")
SUFFIXES = (".py", ".md", ".html", ".toml")

#: In prose: a pattern, and what to write instead.
PROSE = {
    r"strays?": "undeclared cookie",
    r"sweep(s|ing|er|ers)?|swept": "expire, expiry of undeclared cookies",
    r"mend(s|ed|ing)?": "fix",
    r"anew": "again",
    r"who(m|se)?ever|whatever|nobody|somebody": "the actor by name",
    r"octets?(?!-stream)": "byte",
    r"nought": "zero",
    r"Likewise\.": "the sentence itself",
    r"to the letter": "verbatim",
    r"by and by": "gradually",
    r"by lot": "at random",
    r"of (no |any )?account": "relevant",
    r"com(es|e|ing) to(?= (nothing|a |an |the same|no |\d))": "results in",
    r"can't be had|cannot be had": "is not available",
    r"(?<!there )is no(?= (?!longer|more|other|later|less|larger|older|newer))": "is not a valid",
    r"(?<!there )is (?-i:none)": "is not a valid",
    r"beside": "next to, in addition to",
    r"told|tells": "reported, logged, shown",
    r"folders?": "directory",
    r"put together": "build",
    r"go(es|ing)? in circles": "redirect loop",
    r"spoilt|twins?": "malformed, duplicate",
    r"keepers?|deeds?|manners|strangers?": "maintenance, action, policy, foreign",
    r"he|him|his": "they, them, their",
    r"a moment": "a timestamp, a time",
    r"rewritten unseen": "tamper-evident",
    r"(is|are|was|were) away": "unavailable",
    r"arriv(e|es|ed|ing)": "is received",
    r"was not had|not be had": "not available",
}
#: At the beginning of a docstring.
VERBS = {
    r"Gives?|Tells?|Says?": "Return, Report",
    r"Hold .{1,40}? against|VerdictCache": "Compare, Validate",
    r"Makes?": "Create, Build",
    r"Let": "Allow",
}
#: In names.
NAMES = {
    "anew": "again", "beside": "next to", "deed": "action", "folder": "directory",
    "folders": "directories", "keeper": "maintenance", "keepers": "maintenance",
    "manners": "policy", "mend": "fix", "nobody": "no_caller", "octet": "byte",
    "octets": "bytes", "somebody": "other", "spoilt": "malformed", "stray": "undeclared",
    "strays": "undeclared", "stranger": "foreign", "sweep": "expire", "sweeper": "expirer",
    "sweeps": "expires", "swept": "expired", "tells": "reports", "told": "reported",
    "twin": "duplicate", "twins": "duplicates", "whatever": "any", "whoever": "client",
}  # fmt: skip
#: Where a word is right: file, word, and why.
EXCEPTIONS: tuple[tuple[str, str, str], ...] = (
    ("*/translations/*", ".*", "translations"),
    ("*", "(static|template)_folder", "Flask's names"),
)

_PROSE = [
    (re.compile(rf"\b(?:{pattern})(?!\w)", re.I), better) for pattern, better in PROSE.items()
]
_VERBS = [(re.compile(rf"(?:{pattern})\b"), better) for pattern, better in VERBS.items()]
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


class Hit(NamedTuple):
    """A word to replace."""

    path: str
    line: int
    word: str
    better: str


def check_text(path: str, line: int, text: str) -> Iterator[Hit]:
    """Check prose, which may have several lines."""
    for pattern, better in _PROSE:
        for match in pattern.finditer(text):
            yield Hit(path, line + text.count("\n", 0, match.start()), match[0].strip(), better)


def check_name(path: str, line: int, name: str) -> Iterator[Hit]:
    """Check the words of an identifier."""
    for word in _WORD.findall(name):
        if word.lower() in NAMES:
            yield Hit(path, line, name, NAMES[word.lower()])


def check_python(path: str, source: str) -> Iterator[Hit]:
    """Check comments, strings and names of a module."""
    at_start = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT and "Source:" not in token.string:
            yield from check_text(path, line, token.string)
        elif token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            text = token.string.strip("rbfRBF\"'")
            if at_start and token.string.startswith('"""'):
                for pattern, better in _VERBS:
                    if match := pattern.match(text.lstrip()):
                        yield Hit(path, line, match[0], better)
            yield from check_text(path, line, text)
        elif token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            yield from check_name(path, line, token.string)
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            at_start = True
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            at_start = False


def check_lines(path: str, source: str) -> Iterator[Hit]:
    """Check a file of another kind by line, without code and quotations."""
    is_code = False
    for number, line in enumerate(source.splitlines(), 1):
        if path.endswith(".md") and line.lstrip().startswith(("```", "~~~")):
            is_code = not is_code
        elif not is_code and not (path.endswith(".md") and line.startswith(">")):
            prose = re.sub(r"`[^`]*`|\]\([^)]*\)|\{%.*?%\}", " ", line)
            yield from check_text(path, number, prose)


def is_exception(hit: Hit) -> bool:
    """Return whether the list of exceptions allows a word."""
    return any(
        fnmatch(hit.path, file) and re.fullmatch(word, hit.word, re.I)
        for file, word, _ in EXCEPTIONS
    )


def check_file(path: str, source: str) -> list[Hit]:
    """Return the words to replace in a file, in order."""
    check = check_python if path.endswith(".py") else check_lines
    return sorted({hit for hit in check(path, source) if not is_exception(hit)})


def main(arguments: list[str] | None = None) -> int:
    """Check the files that Git tracks below the given paths."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("paths", nargs="*", default=DEFAULT_PATHS)
    parser.add_argument("--count", action="store_true", help="print only a count by directory")
    options = parser.parse_args(arguments)
    listed = subprocess.run(
        ["git", "ls-files", "--", *options.paths],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = [path for path in listed.stdout.splitlines() if path.endswith(SUFFIXES)]
    hits = [
        hit
        for path in files
        if (ROOT / path).is_file()
        for hit in check_file(path, (ROOT / path).read_text("utf-8"))
    ]
    if options.count:
        counts = Counter(
            "/".join(hit.path.split("/")[:3][: 3 if "src/" in hit.path else 1]) for hit in hits
        )
        for directory, count in sorted(counts.items()):
            print(f"{count:>5}  {directory}")
    else:
        for hit in hits:
            print(f"{hit.path}:{hit.line}: {hit.word} -> {hit.better}")
    if hits:
        print(
            f"{len(hits)} words to replace; see the tables in scripts/check_words.py.",
            file=sys.stderr,
        )
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main())
