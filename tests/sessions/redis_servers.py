"""
Real Redis servers for as long as a block lasts: single ones, and a Cluster of three.

They listen on free ports of the loopback address, keep their files in a folder that goes with them,
and write nothing to a disk unless they are told to.
"""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import redis

from strict_cookies.trail import maintenance

ADDRESS = "127.0.0.1"
#: Valkey is the same to us.
NAMES = ("redis-server", "valkey-server")
#: Seconds within which a server starts, even where eight others do.
START_SECONDS = 30
#: A node of a Cluster also listens at its port plus this.
BUS = 10_000
SLOTS = 16_384


def find_redis_server() -> str:
    """Give the path of an installed server; a machine without one fails."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, f"None of {', '.join(NAMES)} found. Install one: apt-get install redis-server"
    return found


class RedisServer:
    """
    One server.

    Args:
        folder: For its files.
        options: Of its configuration, as on the command line: ``"--maxmemory", "8mb"``.
        config: A file that makes it a Sentinel; None for a server.
    """

    def __init__(self, folder: Path, *options: str, config: Path | None = None) -> None:
        self.folder = folder
        self.options = options
        self.config = config
        self.port = 0
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://{ADDRESS}:{self.port}/0"

    def client(self, **options: object) -> redis.Redis:
        """Make a client of its own for a test."""
        return redis.Redis(host=ADDRESS, port=self.port, **options)

    def start(self) -> None:
        """Start on a free port, or again on the port that it had."""
        tries = [self.port] if self.port else [free_port() for _ in range(10)]
        for self.port in tries:
            command = [find_redis_server(), *self._arguments()]
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            if self._answers():
                return
        raise AssertionError((self.folder / "log").read_text())

    def kill(self) -> None:
        """End it at once: one that can't save refuses to end in order."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _arguments(self) -> tuple[str, ...]:
        common = ("--port", str(self.port), "--bind", ADDRESS, "--dir", str(self.folder))
        if self.config is not None:
            return (str(self.config), *common, "--sentinel")
        return (*common, "--save", "", "--appendonly", "no", *self.options)

    def _answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), socket.create_connection((ADDRESS, self.port), 1) as peer:
                peer.sendall(b"PING\r\n")
                # A password, or that it is loading, is an answer too.
                if peer.recv(1) in (b"+", b"-"):
                    return True
            time.sleep(0.01)
        return False


@contextmanager
def redis_server(*options: str, config: Path | None = None) -> Iterator[RedisServer]:
    """Run one server."""
    folder = Path(tempfile.mkdtemp(prefix="strict-cookies-redis-"))
    server = RedisServer(folder, *options, config=config)
    try:
        server.start()
        yield server
    finally:
        # An application that nobody collected yet would complain in some other test's log.
        maintenance.thread.clear()
        server.kill()
        shutil.rmtree(folder)


@contextmanager
def redis_cluster() -> Iterator[tuple[RedisServer, ...]]:
    """Run three nodes that share the slots of one Cluster."""
    with ExitStack() as stack:
        nodes = tuple(
            stack.enter_context(
                redis_server("--cluster-enabled", "yes", "--cluster-node-timeout", "15000")
            )
            for _ in range(3)
        )
        clients = [stack.enter_context(node.client()) for node in nodes]
        share = SLOTS // 3 + 1
        for number, client in enumerate(clients):
            slots = range(number * share, min((number + 1) * share, SLOTS))
            client.execute_command("CLUSTER ADDSLOTS", *slots)
            client.execute_command("CLUSTER MEET", ADDRESS, nodes[0].port)
        deadline = time.monotonic() + START_SECONDS
        while not all(_is_whole(client) for client in clients):
            assert time.monotonic() < deadline, "the Cluster did not form"
            time.sleep(0.02)
        yield nodes


def _is_whole(client: redis.Redis) -> bool:
    owners = client.execute_command("CLUSTER SLOTS")
    known = sum(last - first + 1 for first, last, *_ in owners)
    return client.execute_command("CLUSTER INFO")["cluster_state"] == "ok" and known == SLOTS


def free_port() -> int:
    """Find a port that is free, and so is the one for the bus of a Cluster."""
    while True:
        port = random.randint(20_000, 32_000)
        with suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind((ADDRESS, port))
            other.bind((ADDRESS, port + BUS))
            return port
