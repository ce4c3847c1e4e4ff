"""Nonces: random, given out once, whatever happens to the process."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

from strict_cookies.headers import nonces
from strict_cookies.headers.nonces import BATCH, NonceSource


def test_nonce_has_128_bits_and_comes_once():
    """Every one is 32 hexadecimal digits, over many batches, and none comes twice."""
    source = NonceSource()
    drawn = [source.draw() for _ in range(20 * BATCH)]
    assert len(set(drawn)) == len(drawn)
    assert all(re.fullmatch("[0-9a-f]{32}", nonce) for nonce in drawn)


def test_digits_are_the_systems(monkeypatch):
    """Nothing but the operating system's generator goes into a nonce."""
    asked = []

    def urandom(count):
        asked.append(count)
        return bytes(range(256)) * 2

    monkeypatch.setattr(nonces, "urandom", urandom)
    source = NonceSource()
    drawn = {source.draw() for _ in range(BATCH)}
    assert asked == [16 * BATCH]
    assert drawn == {bytes(range(start, start + 16)).hex() for start in range(0, 256, 16)}


def test_threads_get_different_ones():
    """Two threads never share a nonce, also where a batch runs out under both."""
    source = NonceSource()
    drawn = []

    def draw():
        drawn.extend([source.draw() for _ in range(2000)])

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(drawn) == 16_000


def test_forked_processes_get_different_ones():
    """Workers that were forked with a batch at hand give out none of it."""
    code = f"""
import os
from strict_cookies.headers.nonces import NonceSource
source = NonceSource()
print(source.draw(), flush=True)
for _ in range(3):
    child = os.fork()
    if child == 0:
        break
    os.waitpid(child, 0)
for _ in range({2 * BATCH}):
    print(source.draw(), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    drawn = done.stdout.split()
    assert len(drawn) == 1 + 4 * 2 * BATCH
    assert len(set(drawn)) == len(drawn)
