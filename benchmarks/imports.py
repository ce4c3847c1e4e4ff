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


def measure_import(name: str, before: str, runs: int = 11) -> tuple[float, float]:
    """
    Import one public name in new processes.

    Args:
        name: Of ``strict_cookies``.
        before: A module whose import is not counted.
        runs: How many processes.

    Returns:
        Medians: milliseconds and MiB beyond the other module's.
    """
    code = _CODE.format(name=name, before=before)
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    found = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        seconds, kibibytes = done.stdout.split()
        found.append((float(seconds) * 1000, int(kibibytes) / 1024))
    return statistics.median(run[0] for run in found), statistics.median(run[1] for run in found)
