"""What other processes do to an archive."""

from __future__ import annotations

import os

from strict_cookies.archive.base import Entry

from .places import Place, opened


def chain(name: str, number: int):
    """Make entries that name the entry before them."""

    def make(last: Entry | None) -> bytes:
        return f"{name}:{number}:{last.number if last else 0}".encode()

    return make


def append_often(place: Place, name: str, times: int, barrier) -> None:
    """Append and count at the same time as others do."""
    with opened(place) as archive:
        barrier.wait(60)
        for number in range(times):
            archive.append("log", chain(name, number))
            archive.add("tally", {"all": 1, name: 1})
        archive.put_new("shelf", "first", name.encode())


def append_for_ever(place: Place, pipe) -> None:
    """Append, and acknowledge each entry after the archive did."""
    with opened(place) as archive:
        while True:
            pipe.send(archive.append("log", chain("x", os.getpid())).number)


def fork_and_append(place: Place) -> None:
    """Append before a fork, and in parent and child after it."""
    with opened(place) as archive:
        archive.append("log", chain("parent", 0))
        if (child := os.fork()) == 0:
            status = 1
            try:
                archive.append("log", chain("child", 0))
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        assert status == 0
        archive.append("log", chain("parent", 1))
