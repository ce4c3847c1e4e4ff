"""
Fuzz the targets with atheris, each in a process of its own, which ends at its first crash.

    python -m tests.fuzz                    every target, a minute each
    python -m tests.fuzz grammar --seconds 3600 --runs 6000000 --keep found
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
NAMES = ("grammar", "date", "firewall", "policy", "session", "reports")
#: Octets of the longest input, where 512 would be too few, or mostly noise.
LONGEST = {"date": 64, "policy": 4096}


def main() -> int:
    """Run each target, print how many inputs it tried, and fail where one crashed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--runs", type=int, default=-1, help="at most; without it, as time allows")
    parser.add_argument("--keep", type=Path, help="folder for what is found, to go on from there")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.names or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}; there are {', '.join(NAMES)}")
    if arguments.one:
        fuzz(names[0], arguments.seconds, arguments.runs, arguments.keep)
    with tempfile.TemporaryDirectory() as folder:
        kept = arguments.keep or Path(folder)
        failed = [
            name for name in names if not _run(name, arguments.seconds, arguments.runs, kept / name)
        ]
    return 1 if failed else 0


def _run(name: str, seconds: int, runs: int, kept: Path) -> bool:
    kept.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz", "--one", name, "--keep", str(kept)]
    command += ["--seconds", str(seconds), "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tried = re.findall(r"Done (\d+) runs|^#(\d+)\s", done.stderr, re.MULTILINE)
    count = max((int(one or other) for one, other in tried), default=0)
    ended = "no crash" if done.returncode == 0 else "a crash"
    seed = re.search(r"Seed: (\d+)", done.stderr)
    grown = re.findall(r"cov: (\d+).* corp: (\d+)/", done.stderr)
    print(f"{name}: {count:,} inputs, {ended}; seed {seed[1] if seed else 'unknown'}", end="")
    if grown:
        (edges, kept_first), (more, kept_last) = grown[0], grown[-1]
        print(f"; {edges} to {more} edges, corpus of {kept_first} to {kept_last}", end="")
    print(flush=True)
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-6000:], sep="\n")
        print(f"Put the input into {CORPUS / name}, mend it, and the corpus keeps it mended.")
    return done.returncode == 0


def fuzz(name: str, seconds: int, runs: int, kept: Path) -> None:
    """Let atheris try one target; it ends the process."""
    import atheris

    with atheris.instrument_imports(include=["strict_cookies"], enable_loader_override=False):
        from .targets import TARGETS
    options = [
        f"-max_total_time={seconds}",
        f"-runs={runs}",
        f"-max_len={LONGEST.get(name, 512)}",
        f"-artifact_prefix={tempfile.gettempdir()}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(kept), str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
