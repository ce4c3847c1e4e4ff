"""What importing the library costs beyond Flask's own import: time and memory, in new processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

_CODE = """
import time
import {before}

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4

begin, memory = time.process_time(), resident()
from strict_cookies import {name}
print(time.process_time() - begin, resident() - memory)
"""

_START = """
import time
from flask import Flask

begin = time.process_time()
app = Flask("benchmark")
app.secret_key = "k" * 32
app.add_url_rule("/", view_func=lambda: "hello")
{protect}
app.test_client().get("/", base_url="https://localhost")
print(time.process_time() - begin)
"""
_PROTECT = "from strict_cookies import StrictCookies; StrictCookies(app)"


def measure_start(runs: int = 11) -> float:
    """
    Import, make an application and get its first response, in new processes that take turns.

    Returns:
        Median milliseconds beyond the same without the library; Flask's import is not in it.
    """
    beyond = []
    for _ in range(runs):
        bare, protected = (float(_run(_START.format(protect=it))) for it in ("", _PROTECT))
        beyond.append((protected - bare) * 1000)
    return statistics.median(beyond)


def measure_import(name: str, before: str, runs: int = 21) -> tuple[float, float, float]:
    """
    Import one public name in new processes.

    Args:
        name: Of ``strict_cookies``.
        before: A module whose import is not counted.
        runs: How many processes.

    Returns:
        Milliseconds beyond the other module's, median and least, and the median of MiB.
    """
    code = _CODE.format(name=name, before=before)
    found = []
    for _ in range(runs):
        seconds, kibibytes = _run(code).split()
        found.append((float(seconds) * 1000, int(kibibytes) / 1024))
    times, sizes = zip(*found, strict=True)
    return statistics.median(times), min(times), statistics.median(sizes)


def _run(code: str) -> str:
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    ).stdout
