"""
What befalls a Redis server: it is killed, full, slow, locked, or not what was meant.

Each fault is made with a real server. The message says what to mend, without password or data, and
the store goes on by itself once it is mended.
"""

from __future__ import annotations

import inspect
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from strict_cookies.errors import StoreCorruptError, StoreUnavailableError
from strict_cookies.sessions.stores.redis import RedisStore

from ..places import HOUR, NOW, make_key, make_row, new_key, wait_until
from ..redis_servers import ADDRESS, redis_cluster, redis_server

#: In the password and in the data; in no message.
CANARY = "canary"


@contextmanager
def serving(*options):
    """Run a server and give it with a store in it."""
    with redis_server("--requirepass", CANARY, *options) as server:
        store = RedisStore(f"redis://default:{CANARY}@{ADDRESS}:{server.port}/0")
        yield server, store
        store.close()


def admin(server):
    """Make a client that may do everything."""
    return server.client(password=CANARY)


def fails(server, *calls, text):
    """See that calls fail with one message, which names the server and gives nothing away."""
    for call in calls:
        with pytest.raises(StoreUnavailableError) as told:
            call()
        message = str(told.value)
        assert message.startswith(f"Session store in Redis at {ADDRESS}:{server.port}/0: {text}")
        assert CANARY not in message
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__


def calls_of(store, key):
    """Each method that asks the server whenever it is called."""
    return (
        lambda: store.read(key),
        lambda: store.create(new_key(), make_row(payload=CANARY.encode(), user=CANARY)),
        lambda: store.update(key, make_row(version=2, payload=CANARY.encode())),
        lambda: store.transact(key, lambda row: row),
        lambda: store.touch(key, NOW, NOW),
        lambda: store.replace(key, new_key(), make_row()),
        lambda: store.end([key]),
        lambda: store.list_user(CANARY),
        lambda: store.end_user(CANARY),
        lambda: store.end_all(),
        lambda: store.purge(NOW, 1),
        lambda: store.lock(key, timeout=1).__enter__(),
    )


def add(store):
    """Create a row and give its key."""
    key = new_key()
    store.create(key, make_row())
    return key


def test_no_server():
    """A server that is not there is told with its address, by every method, and found later."""
    with redis_server() as server:
        server.kill()
        store = RedisStore(f"redis://:{CANARY}@{ADDRESS}:{server.port}/0")
        text = "it can't be reached. See that it runs, and the address (ConnectionError: Connection"
        fails(server, lambda: store.tag, *calls_of(store, new_key()), text=text)
        server.start()
        with server.client() as client:
            client.config_set("requirepass", CANARY)
        key = add(store)
        assert store.read(key) == make_row()
        store.close()


def test_killed_server_comes_back_with_what_it_acknowledged():
    """kill -9 under load: errors, then recovery, and with appendfsync always nothing is lost."""
    with serving("--appendonly", "yes", "--appendfsync", "always") as (server, store):
        acknowledged, ended, failed, stop = [], [], [], threading.Event()

        def write(name):
            number = 0
            while not stop.is_set():
                number += 1
                key = make_key(f"{name}-{number}")
                try:
                    store.create(key, make_row(user=name))
                    acknowledged.append(key)
                    if number % 3 == 0:
                        store.end([key])
                        ended.append(key)
                except StoreUnavailableError:
                    failed.append(key)
                    time.sleep(0.01)

        threads = [threading.Thread(target=write, args=(f"user{each}",)) for each in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):
                before = len(acknowledged), len(failed)
                wait_until(lambda before=before: len(acknowledged) > before[0] + 200)
                server.kill()
                wait_until(lambda before=before: len(failed) > before[1])
                server.start()
            before = len(acknowledged)
            wait_until(lambda: len(acknowledged) > before + 50)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        gone = set(ended)
        assert all(store.read(key) is None for key in ended)
        # An end whose answer was lost may have happened, or not.
        unsure = set(failed)
        for key in acknowledged:
            if key not in gone | unsure:
                assert store.read(key) is not None


def test_server_that_comes_back_empty():
    """Without a disk all sessions are gone after a restart, which is no error; new ones can be."""
    with serving() as (server, store):
        key = add(store)
        server.kill()
        fails(server, lambda: store.read(key), text="it can't be reached")
        server.start()
        assert store.read(key) is None
        assert store.read(add(store)) == make_row()


def test_full_memory():
    """Where maxmemory is reached, writes fail and reads go on; whoever signs out is signed out."""
    with serving("--maxmemory-policy", "noeviction") as (server, store), admin(server) as client:
        keys = [add(store) for _ in range(20)]
        client.config_set("maxmemory", 1)
        text = "its memory is full. Raise maxmemory; noeviction is right (O"
        key = keys[0]
        fails(
            server,
            lambda: store.create(new_key(), make_row()),
            lambda: store.update(key, make_row(version=2)),
            lambda: store.touch(key, NOW + 1, NOW),
            lambda: store.replace(key, new_key(), make_row()),
            lambda: store.lock(key, timeout=1).__enter__(),
            text=text,
        )
        assert all(store.read(key) == make_row() for key in keys)
        assert store.end(keys[1:6]) == 5
        assert store.end_user("alice", but=key) == 14
        assert store.end_all() == 1
        assert store.purge(NOW + 2 * HOUR, 100) == 20
        assert all(store.read(key) is None for key in keys)
        client.config_set("maxmemory", 0)
        add(store)


def test_wrong_password():
    """A password that is refused is told, and not repeated."""
    with serving() as (server, store), admin(server) as client:
        add(store)
        wrong = RedisStore(f"redis://:{CANARY}-wrong@{ADDRESS}:{server.port}/0")
        none = RedisStore(f"redis://{ADDRESS}:{server.port}/0")
        text = "it refused the user or the password. See those in the URL"
        for other in (wrong, none):
            fails(server, lambda other=other: other.read(new_key()), text=text)
            fails(server, lambda other=other: other.create(new_key(), make_row()), text=text)
            other.close()
        client.config_set("requirepass", f"{CANARY}-wrong")
        assert wrong.read(new_key()) is None
        wrong.close()


def test_commands_that_are_not_allowed():
    """A user whose ACL lacks a command is told so."""
    with serving() as (server, store), admin(server) as client:
        key = add(store)
        client.execute_command("ACL SETUSER", "default", "-evalsha", "-eval")
        text = "its ACL refused a command. Allow reads, writes and scripts (NoPermissionError)."
        fails(server, lambda: store.touch(key, NOW, NOW), text=text)
        assert store.read(key) == make_row()
        client.execute_command("ACL SETUSER", "default", "+evalsha", "+eval")
        assert store.touch(key, NOW, NOW)


def test_command_that_does_not_exist():
    """A server repeats what it was sent with a command that it does not know; we don't."""
    with serving("--rename-command", "GET", "", "--rename-command", "SET", "") as (server, store):
        fails(server, lambda: store.read(new_key()), text="it answered with an error. See its log")
        fails(
            server,
            lambda: store.lock(CANARY.encode(), timeout=1).__enter__(),
            text="it answered with an error. See its log (ResponseError).",
        )


def test_replica():
    """A replica that only reads is told where a write comes to it; it may be read from."""
    with redis_server() as primary, serving() as (server, store), admin(server) as client:
        whole = RedisStore(primary.url)
        key = add(whole)
        client.replicaof(ADDRESS, primary.port)
        wait_until(lambda: store.read(key) == make_row())
        fails(
            server,
            *(lambda: store.create(new_key(), make_row()), lambda: store.end([key])),
            text="it is a read-only replica. Set the address of the primary (R",
        )
        assert store.list_user("alice") == [(key, make_row())]
        client.replicaof("NO", "ONE")
        assert store.end([key]) == 1
        assert whole.read(key) == make_row()
        whole.close()


def test_server_that_loads():
    """While a server loads its data, it says so; then all is there."""
    with serving() as (server, store), admin(server) as client:
        keys = [add(store) for _ in range(300)]
        client.save()
        server.kill()
        slowly = ("--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024")
        server.options = (*server.options, *slowly)
        server.start()
        fails(server, lambda: store.read(keys[0]), text="it is still loading its data. It goes on")
        wait_until(lambda: is_read(store, keys[0]))
        assert all(store.read(key) is not None for key in keys)


def is_read(store, key):
    """Tell whether a key can be read by now."""
    try:
        return store.read(key) is not None
    except StoreUnavailableError:
        return False


def test_server_that_cannot_save():
    """A server that refuses writes because its disk failed is told as that."""
    with serving("--dbfilename", "dump.rdb") as (server, store), admin(server) as client:
        key = add(store)
        client.config_set("save", "1 1")
        (server.folder / "dump.rdb").mkdir()
        with suppress(redis.ResponseError):
            client.bgsave()
        wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        text = "it can't save to its disk and refuses writes. See its log (MISCONF)."
        fails(server, lambda: store.touch(key, NOW, NOW), text=text)
        assert store.read(key) == make_row()
        client.config_set("save", "")
        assert store.touch(key, NOW, NOW)


def test_server_that_is_busy():
    """A server that is kept by another script says so, and is found again."""
    with serving("--lua-time-limit", "20") as (server, store), admin(server) as client:
        key = add(store)

        def loop():
            with admin(server) as other, suppress(redis.ResponseError):
                other.eval("while true do end", 0)

        thread = threading.Thread(target=loop)
        thread.start()
        wait_until(lambda: not is_read(store, key))
        fails(server, lambda: store.read(key), text="it is busy with another script. See SLOW")
        client.script_kill()
        thread.join()
        assert store.read(key) == make_row()


def test_server_without_room_for_a_client():
    """A server that has as many clients as it may have can't be reached."""
    with serving() as (server, store), admin(server) as client:
        client.config_set("maxclients", 1)
        fails(server, lambda: store.read(new_key()), text="it can't be reached")
        client.config_set("maxclients", 100)
        assert store.read(new_key()) is None


def test_all_connections_of_a_client_are_in_use():
    """A pool of a client that was handed in may be too small for the threads of a process."""
    with redis_server() as server, server.client(max_connections=1) as client:
        store = RedisStore(client)
        taken = client.connection_pool.get_connection()
        fails(server, lambda: store.read(new_key()), text="the client's connections are all in use")
        client.connection_pool.release(taken)
        assert store.read(new_key()) is None


def test_server_that_never_answers():
    """A server that takes the call and is silent keeps nobody for longer than the timeout."""
    with socket.create_server((ADDRESS, 0)) as silent:
        port = silent.getsockname()[1]
        store = RedisStore(f"redis://{ADDRESS}:{port}/0?socket_timeout=0.1")
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"did not answer in time\. See that"):
                store.read(new_key())
        store.close()


def test_server_that_never_connects():
    """A server that does not even take the call keeps nobody for longer than the timeout."""
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind((ADDRESS, 0))
        deaf.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        port = deaf.getsockname()[1]
        store = RedisStore(f"redis://{ADDRESS}:{port}/0?socket_connect_timeout=0.1")
        with pytest.raises(StoreUnavailableError, match="did not answer in time"):
            store.read(new_key())
        store.close()


#: The client does not introduce itself; versions before 7.1 call that otherwise.
SAYS_NOTHING = (
    {"driver_info": None}
    if "driver_info" in inspect.signature(redis.Redis).parameters
    else {"lib_name": None, "lib_version": None}
)


@contextmanager
def answering(octets):
    """Listen as a server that has one answer to everything, and give a store there."""
    with socket.create_server((ADDRESS, 0)) as strange:

        def answer():
            with suppress(OSError):
                peer, _ = strange.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(octets)

        thread = threading.Thread(target=answer)
        thread.start()
        # An older protocol, so that the first thing sent is a command.
        port = strange.getsockname()[1]
        client = redis.Redis(
            host=ADDRESS, port=port, protocol=2, retry=Retry(NoBackoff(), 0), **SAYS_NOTHING
        )
        yield RedisStore(client)
        thread.join()
        client.close()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param(b"$100\r\n1", "it can't be reached", id="half an answer"),
        pytest.param(b"HTTP/1.1 400 canary\r\n\r\n", "it answered with an error", id="HTTP"),
        pytest.param(
            b"-ERR Error running script (call to f_ab): @user_script:55: @user_script: 55: "
            b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
            r"its memory is full.*\(OOM\)",
            id="error of a script in Redis 6",
        ),
        pytest.param(
            b"-ERR unknown command 'canary' -OOPS\r\n",
            r"it answered with an error. See its log \(ResponseError\)",
            id="words of others",
        ),
    ],
)
def test_strange_answers_are_told(answer, text):
    """What is no answer of Redis is none of an empty store; its words are not repeated."""
    with answering(answer) as store:
        with pytest.raises(StoreUnavailableError, match=text) as told:
            store.read(new_key())
        assert CANARY not in str(told.value)
        assert not isinstance(told.value, StoreCorruptError)


def test_slow_holder_does_not_fail_for_its_lock():
    """Where a lock can't be given back, the request that had it goes on, and the lock runs out."""
    with serving() as (server, store):
        with store.lock(new_key(), timeout=30):
            server.kill()
        server.start()


def test_cluster_that_loses_a_node():
    """Where the slot's node is killed, that is told; when it is back, the client finds it."""
    with redis_cluster() as nodes:
        retry = Retry(NoBackoff(), 0)
        with redis.RedisCluster(host=ADDRESS, port=nodes[0].port, retry=retry) as client:
            store = RedisStore(client)
            key = add(store)
            owner = client.get_node_from_key("{strict_cookies}").port
            node = next(each for each in nodes if each.port == owner)
            node.kill()
            for call in calls_of(store, key):
                with pytest.raises(StoreUnavailableError, match="in Redis Cluster: "):
                    call()
            node.start()
            wait_until(lambda: is_written(store), 60)
            assert store.read(key) is None


def is_written(store):
    """Tell whether a row can be created by now."""
    try:
        add(store)
    except StoreUnavailableError:
        return False
    return True


def test_cluster_that_is_gone():
    """Where no node can be reached, that is told."""
    with redis_cluster() as nodes:
        client = redis.RedisCluster(host=ADDRESS, port=nodes[0].port, retry=Retry(NoBackoff(), 0))
        store = RedisStore(client)
        key = add(store)
    for call in calls_of(store, key):
        with pytest.raises(StoreUnavailableError, match="in Redis Cluster: "):
            call()
    client.close()
