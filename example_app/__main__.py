"""Run the ERP and, on another loopback address, the third party that must not be reached."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import click
from werkzeug.serving import make_server, run_simple

from strict_cookies import UnchangedDeclarationError

from . import create_app
from .demo import ACCOUNTS
from .tracker import Tracker

#: Another host for the browser, on this machine for us.
TRACKER_HOST = "127.0.0.2"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the ERP.")
@click.option("--port", default=5000, show_default=True, help="Port of the ERP.")
@click.option("--tracker-port", default=5001, show_default=True, help="Port of the third party.")
def main(host: str, port: int, tracker_port: int) -> None:
    """Serve the demo ERP of Strict Cookies."""
    try:
        # Before the URL is printed.
        socket.create_server((host, port)).close()
    except OSError as error:
        raise click.ClickException(
            f"The ERP can't listen on {host}:{port}: {error.strerror}. "
            f"Try another port: make demo PORT={port + 10}"
        ) from None
    tracker = Tracker()
    listens = start_tracker(tracker, tracker_port)
    app = create_app(
        {
            "TRACKER": tracker if listens else None,
            "TRACKER_URL": f"http://{TRACKER_HOST}:{tracker_port}/pixel.gif",
        }
    )
    # A site of its own does this when it is deployed: flask cookies publish.
    with suppress(UnchangedDeclarationError):
        app.extensions["strict_cookies"].publish()
    click.echo(f"Definitive Track ERP: http://localhost:{port}")
    for username, _full_name, role, password in ACCOUNTS:
        click.echo(f"  {role:8}  user name {username:8}  password {password}")
    run_simple(host, port, app, threaded=True)


def start_tracker(tracker: Tracker, port: int) -> bool:
    """Serve the third party in a thread that ends with the process; return whether it listens."""
    try:
        with socket.create_server((TRACKER_HOST, port)) as listener:
            server = make_server(TRACKER_HOST, port, tracker, threaded=True, fd=listener.fileno())
    except OSError as error:
        click.echo(f"The third party can't listen on {TRACKER_HOST}:{port}: {error.strerror}.")
        return False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return True


if __name__ == "__main__":
    main(prog_name="python -m example_app")
