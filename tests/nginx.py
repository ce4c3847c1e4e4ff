"""Run a real nginx, unprivileged, with its own folder, in front of a test's server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import ADDRESS

#: One process that needs no other user's rights, and writes nowhere but into its folder.
_MAIN = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr error;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{blocks}
}}
"""


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    listeners = [socket.create_server((ADDRESS, 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@contextmanager
def serve_nginx(blocks: str, folder: Path, ports: list[int]) -> Iterator[None]:
    """
    Run nginx for as long as the block lasts.

    Args:
        blocks: What goes into the ``http`` context.
        folder: Its own.
        ports: Where it is going to listen; they answer when the block begins.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.fail("nginx was not found. Install it: apt-get install nginx")
    configuration = folder / "nginx.conf"
    configuration.write_text(_MAIN.format(blocks=blocks), "utf-8")
    process = subprocess.Popen(
        [program, "-p", f"{folder}/", "-c", str(configuration), "-e", "stderr"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for port in ports:
            _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.communicate()


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(500):
        if process.poll() is not None:
            pytest.fail(f"nginx does not start: {process.communicate()[1]}")
        try:
            socket.create_connection((ADDRESS, port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"nginx does not answer on port {port}")
