"""Connections to Redis are lent to one command at a time, and closed where one was cut off."""

import signal
from contextlib import contextmanager

import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis, ResponseError
from redis.backoff import NoBackoff
from redis.retry import Retry

from strict_cookies._storage.redis_client import ConnectionLoans

from ..sessions.redis_servers import redis_server


class Interrupted(BaseException):
    """What a signal handler raises, as a worker's time limit does."""


@pytest.fixture(scope="module")
def server():
    """One server for this file."""
    with redis_server() as server:
        yield server


@pytest.fixture
def loans(server):
    """Make loans of an emptied server."""
    client = server.client(retry=Retry(NoBackoff(), 0))
    client.flushall()
    loans = ConnectionLoans(client)
    yield loans
    loans.close()
    client.close()


@contextmanager
def interrupted_after(seconds):
    """Raise in the middle of whatever runs then."""

    def interrupt(*_):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_connection_is_used_again(server, loans):
    """Commands that follow one another open one connection."""
    with server.client() as admin:
        loans.execute_command("SET", "key", "text")
        before = admin.info("stats")["total_connections_received"]
        for _ in range(5):
            assert loans.execute_command("GET", "key") == b"text"
        assert admin.info("stats")["total_connections_received"] == before


def test_answer_of_an_interrupted_command_goes_nowhere(server, loans):
    """The command after one that was cut off gets its own answer (CVE-2023-28858)."""
    loans.execute_command("SET", "key", "right")
    with interrupted_after(0.2), pytest.raises(Interrupted):
        loans.execute_command("BLPOP", "list", 0)
    with server.client() as admin:
        admin.rpush("list", "wrong")
    assert loans.execute_command("GET", "key") == b"right"


def test_answer_of_a_command_cut_off_before_it_was_read_goes_nowhere(loans, monkeypatch):
    """Nor where it was cut off between sending and reading."""
    loans.execute_command("SET", "key", "right")
    loans.execute_command("SET", "other", "wrong")

    def interrupt(*_args, **_options):
        raise Interrupted

    with monkeypatch.context() as patch:
        patch.setattr(Redis, "parse_response", interrupt)
        with pytest.raises(Interrupted):
            loans.execute_command("GET", "other")
    assert loans.execute_command("GET", "key") == b"right"


def test_error_of_the_server_keeps_the_connection(server, loans):
    """A command that the server refuses costs no connection."""
    loans.execute_command("SET", "key", "text")
    with server.client() as admin:
        before = admin.info("stats")["total_connections_received"]
        with pytest.raises(ResponseError):
            loans.execute_command("INCR", "key")
        assert loans.execute_command("GET", "key") == b"text"
        assert admin.info("stats")["total_connections_received"] == before


def test_read_on_a_connection_that_the_server_closed(server, loans):
    """A read is asked again where its connection was closed meanwhile."""
    loans.execute_command("SET", "key", "there")
    with server.client() as admin:
        admin.client_kill_filter(_type="normal", skipme=True)
    assert loans.execute_command("GET", "key") == b"there"


def test_write_on_a_connection_that_the_server_closed(server, loans):
    """A write may have been done before the connection broke: it is never sent twice."""
    loans.execute_command("SET", "key", 0)
    with server.client() as admin:
        admin.client_kill_filter(_type="normal", skipme=True)
        with pytest.raises(RedisConnectionError):
            loans.execute_command("INCR", "key")
        assert admin.get("key") == b"0"
    assert loans.execute_command("INCR", "key") == 1
