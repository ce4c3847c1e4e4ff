"""The tree in docs/architecture.md is the tree of the package, and imports point back along it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "strict_cookies"
TREE = (ROOT / "docs" / "architecture.md").read_text("utf-8").split("```text\n")[1].split("```")[0]
#: The stages of the flow, and who may know all of them.
STAGES = ("declare", "enforce", "secure", "publish", "prove")
KNOWS_ALL = ("Flask", "tools")


def read_tree():
    """Give each file and folder that the tree names, with the stage it stands in."""
    found, folder, folder_stage = {}, "", ""
    stages = "|".join((*STAGES, *KNOWS_ALL))
    for line in TREE.splitlines()[1:]:
        match = re.match(rf"^( +)([\w/]+(?:\.\w+)?/?) +(?:({stages}) )? *(.*)$", line)
        if match is None:
            continue
        indent, name, stage = len(match[1]), match[2], match[3] or ""
        if indent == 2:
            folder = name if name.endswith("/") else ""
            folder_stage = stage
            found[name] = stage
        else:
            found[f"{folder}{name}"] = folder_stage
    return found


NAMED = read_tree()
FILES = sorted(
    path.relative_to(SOURCE).as_posix()
    for path in SOURCE.rglob("*.py")
    if path.name != "__init__.py" or path.parent == SOURCE
)


def stage_of(file):
    """Give a file's stage by the tree; that of its folder where the folder's files are not told."""
    if file in NAMED:
        return NAMED[file]
    folders = [name for name in NAMED if name.endswith("/") and file.startswith(name)]
    return NAMED[max(folders, key=len)] if folders else None


def test_every_file_is_in_the_tree():
    """Whoever looks for a module finds it in the tree, or the folder that it is in."""
    assert [file for file in FILES if stage_of(file) is None] == []


def test_every_line_of_the_tree_is_there():
    """The tree names nothing that is gone."""
    assert [name for name in NAMED if not (SOURCE / name).exists()] == []


def imported(file):
    """Give the files of ours that a module imports when it runs, inside functions too."""
    path = SOURCE / file
    package = path.parent
    for node in walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package
        for _ in range(node.level - 1):
            base = base.parent
        target = base.joinpath(*(node.module or "").split(".")) if node.module else base
        for candidate in (
            target.with_suffix(".py"),
            *(target / f"{n.name}.py" for n in node.names),
        ):
            if candidate.exists():
                yield candidate.relative_to(SOURCE).as_posix()


def walk(tree):
    """Walk a syntax tree, but for what only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from walk(node)


#: Imports against the flow, each with its reason.
AGAINST: dict[str, set[str]] = {
    # It judges the configuration as it was read, which is Flask's.
    "asvs_checks.py": {"settings.py"},
    # It compares with the headers that those two write; all three are pure.
    "strictness.py": {"csp.py", "permissions.py"},
}


@pytest.mark.parametrize("file", [file for file in FILES if stage_of(file) in STAGES])
def test_imports_point_back_along_the_flow(file):
    """A module imports from its own stage and from those before it."""
    own = STAGES.index(stage_of(file))
    later = {
        other
        for other in imported(file)
        if stage_of(other) not in STAGES or STAGES.index(stage_of(other)) > own
    }
    later -= {other for other in later if stage_of(other) == ""} | AGAINST.get(file, set())
    assert later == set()
