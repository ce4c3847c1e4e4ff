"""Parallel requests of one browser through Flask: threads and processes, on every store."""

from __future__ import annotations

import threading
import time

import pytest
from flask import session

from .apps import ask, cookie_of, lines, make_app, manager_of, rows_of
from .places import close, opened, take_out_compare_and_set, wait_until
from .workers import FRESH, run
from .workers_http import count_often, make_shared_app, write_keys, write_keys_without

THREADS = 200


def in_threads(*targets):
    """Run functions at the same time, and raise what one of them raised."""
    failures = []

    def guarded(target):
        try:
            target()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def write_from_threads(app, cookie, barrier):
    """Let many requests read the session, wait for each other, and write a key of their own."""

    @app.get("/slow/<key>")
    def slow(key):
        session.get("a")
        barrier.wait()
        session[key] = key
        return "written"

    def write(number):
        return lambda: ask(app, f"/slow/k{number}", cookie)

    in_threads(*map(write, range(barrier.parties)))


def make_begun(store):
    """Make an application and begin a session in it, so that views can still be added."""
    app = make_app(store, clock=time.time)
    cookie = cookie_of(ask(app, "/set/a/1"))
    app._got_first_request = False
    return app, cookie


def test_each_of_two_hundred_threads_keeps_its_key(store):
    """All have read the same session before the first one writes, and every key is there."""
    app, cookie = make_begun(store)
    write_from_threads(app, cookie, threading.Barrier(THREADS))
    expected = {"a": "1", **{f"k{number}": f"k{number}" for number in range(THREADS)}}
    assert ask(app, "/show", cookie).json == expected


def test_keys_are_lost_where_compare_and_set_is_taken_out(store, kind, monkeypatch):
    """The test above can fail: without the comparison of versions only a few keys survive."""
    take_out_compare_and_set(monkeypatch, kind)
    app, cookie = make_begun(store)
    write_from_threads(app, cookie, threading.Barrier(20))
    assert len(ask(app, "/show", cookie).json) < 21


def test_keys_are_lost_where_merging_is_taken_out(monkeypatch):
    """Nor would comparing help, if the one that lost wrote its own data over the others'."""
    from strict_cookies.sessions import manager

    monkeypatch.setattr(manager, "merge", lambda base, mine, current: dict(mine))
    app, cookie = make_begun(None)
    write_from_threads(app, cookie, threading.Barrier(20))
    assert len(ask(app, "/show", cookie).json) == 2


def begin_shared(place):
    """Begin a session in a store that others open as well."""
    app, store = make_shared_app(place, "parent")
    cookie = cookie_of(ask(app, "/begin"))
    close(store)
    return cookie


def read_shared(place, cookie):
    """Read a session in a store that others wrote to."""
    app, store = make_shared_app(place, "parent")
    found = ask(app, "/show", cookie).json
    close(store)
    return found


def test_each_of_two_processes_keeps_its_keys_and_messages(shared_place):
    """Two workers that write at the same moment, round by round, lose nothing."""
    cookie, barrier, rounds = begin_shared(shared_place), FRESH.Barrier(2), 20
    run(*((write_keys, shared_place, name, cookie, barrier, rounds) for name in ("one", "two")))
    found = read_shared(shared_place, cookie)
    wanted = {f"{name}-{number}" for name in ("one", "two") for number in range(rounds)}
    assert {message for _, message in found.pop("_flashes")} == wanted
    assert set(found) == {"begun", *wanted}


def test_keys_of_processes_are_lost_where_compare_and_set_is_taken_out(shared_place):
    """The test above can fail as well."""
    cookie, barrier, rounds = begin_shared(shared_place), FRESH.Barrier(2), 20
    run(
        *(
            (write_keys_without, shared_place, name, cookie, barrier, rounds)
            for name in ("one", "two")
        )
    )
    assert len(read_shared(shared_place, cookie)) < 1 + 2 * rounds


def test_counter_under_the_lock_counts_every_request(shared_place):
    """Two processes that increment one key under ``session.locked()`` lose no increment."""
    cookie = begin_shared(shared_place)
    run(*((count_often, shared_place, name, cookie, 20) for name in ("one", "two")))
    assert read_shared(shared_place, cookie)["count"] == 40


def test_counter_of_threads_under_the_lock(store):
    """Nor do threads."""
    app, cookie = make_begun(store)
    in_threads(*[lambda: [ask(app, "/count", cookie) for _ in range(5)]] * 8)
    assert ask(app, "/show", cookie).json["count"] == 40


class Gate:
    """Where slow requests wait until a test lets them go on."""

    def __init__(self, app):
        self.waiting = 0
        self.open = threading.Event()
        self._lock = threading.Lock()

        @app.get("/slow/<when>/<key>")
        def slow(when, key):
            if when == "opened":
                session.get("a")
            with self._lock:
                self.waiting += 1
            assert self.open.wait(30)
            session[key] = key
            return "written"

    def hold(self, app, paths, cookie):
        """Send requests that wait; give the threads and, later, their responses."""
        responses = []

        def send(path):
            responses.append(ask(app, path, cookie))

        threads = [threading.Thread(target=send, args=(path,)) for path in paths]
        for thread in threads:
            thread.start()
        wait_until(lambda: self.waiting == len(threads))
        return threads, responses

    def release(self, threads):
        """Let them go on, and wait for them."""
        self.open.set()
        for thread in threads:
            thread.join()


SLOW = [f"/slow/{when}/k{number}" for when in ("opened", "unopened") for number in range(5)]


@pytest.mark.parametrize("login", ["/login/alice", "/renew/alice"])
def test_login_survives_slow_anonymous_requests(store, login):
    """Requests that came before a login and end after it neither change it nor set a cookie."""
    app, old = make_begun(store)
    gate = Gate(app)
    threads, responses = gate.hold(app, SLOW, old)
    new = cookie_of(ask(app, login, old))
    gate.release(threads)
    assert [lines(response) for response in responses] == [[]] * len(SLOW)
    kept = {"a": "1"} if login == "/login/alice" else {"user": "alice"}
    assert ask(app, "/show", new).json == kept
    assert ask(app, "/show", old).json == {}


def test_login_survives_requests_that_were_on_their_way(store):
    """Requests that the browser had sent before the answer to the login came set no cookie."""
    app, old = make_begun(store)
    new = cookie_of(ask(app, "/login/alice", old))
    for path in ("/set/x/1", "/flash/x", "/count"):
        assert lines(ask(app, path, old)) == []
    assert ask(app, "/who", new).json["user_id"] == "alice"
    assert ask(app, "/show", new).json == {"a": "1"}


def test_nothing_comes_back_after_a_logout_beside_slow_writers():
    """No row, no cookie and no key of theirs is left, whenever they first looked."""
    app, cookie = make_begun(None)
    gate = Gate(app)
    threads, responses = gate.hold(app, SLOW, cookie)
    assert len(lines(ask(app, "/logout", cookie))) == 1
    gate.release(threads)
    assert [lines(response) for response in responses] == [[]] * len(SLOW)
    assert ask(app, "/show", cookie).json == {}
    assert rows_of(manager_of(app)) == 0


def test_nothing_comes_back_on_any_store(store):
    """The same on each store, as a browser sees it."""
    app, cookie = make_begun(store)
    gate = Gate(app)
    threads, responses = gate.hold(app, SLOW, cookie)
    ask(app, "/clear", cookie)
    gate.release(threads)
    assert [lines(response) for response in responses] == [[]] * len(SLOW)
    assert ask(app, "/show", cookie).json == {}


@pytest.mark.parametrize("end", ["/logout", "/clear", "everyone", "user", "idle"])
def test_dead_identifier_signs_in_again_at_once(end):
    """However a session ended, whoever still sends its identifier gets a form that works."""
    from .apps import HOUR, Clock

    clock = Clock()
    app = make_app(clock=clock)
    dead = cookie_of(ask(app, "/login/alice"))
    if end.startswith("/"):
        ask(app, end, dead)
    elif end == "idle":
        clock.turn(HOUR)
    else:
        manager = manager_of(app)
        assert (manager.end_everyone() if end == "everyone" else manager.end_user("alice")) == 1
    form = cookie_of(ask(app, "/set/csrf/token", dead))
    assert ask(app, "/show", form).json == {"csrf": "token"}
    signed_in = cookie_of(ask(app, "/login/alice", form))
    assert ask(app, "/who", signed_in).json["user_id"] == "alice"
    again = cookie_of(ask(app, "/login/alice", dead))
    assert ask(app, "/who", again).json["user_id"] == "alice"


def test_two_logins_at_once_both_work(store):
    """A form that was sent twice leaves the browser signed in, whichever answer it takes."""
    app, old = make_begun(store)
    barrier, cookies = threading.Barrier(2), []

    @app.get("/slow-login/<user>")
    def slow_login(user):
        from strict_cookies import login

        session.get("a")
        barrier.wait()
        login(user)
        return "in"

    in_threads(*[lambda: cookies.append(cookie_of(ask(app, "/slow-login/alice", old)))] * 2)
    for cookie in cookies:
        assert ask(app, "/who", cookie).json["user_id"] == "alice"


def test_store_is_as_it_was_opened(shared_place):
    """What the workers above wrote is on the shared store itself, not in a process's memory."""
    begin_shared(shared_place)
    with opened(shared_place) as store:
        assert store.end_all() == 1
