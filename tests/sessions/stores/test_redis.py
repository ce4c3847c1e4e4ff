"""The store in Redis: its keys and how long they live, its round trips, and how it is addressed."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import redis.asyncio
import trustme
from redis.cluster import RedisCluster
from redis.sentinel import Sentinel

from strict_cookies._storage.redis_server import TIMEOUT
from strict_cookies.errors import ConfigurationError, StoreCorruptError, StoreUnavailableError
from strict_cookies.sessions.stores import redis as module
from strict_cookies.sessions.stores.base import Update
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.redis_scripts import GRACE_MS

from ..places import HOUR, NOW, make_row, new_key, wait_until
from ..redis_servers import ADDRESS, free_port, redis_server

HOUR_MS = HOUR * 1000


@pytest.fixture
def prefix():
    """A prefix of its own for each test."""
    return secrets.token_hex(6)


@pytest.fixture
def client(redis_single):
    """A client of the test's own."""
    with redis_single.client() as client:
        yield client


@pytest.fixture
def store(redis_single, prefix):
    """An empty store."""
    store = RedisStore(redis_single.url, prefix=prefix)
    yield store
    store.close()


def keys_under(client, prefix):
    """List the store's keys with what they are called after the prefix."""
    names = (name.decode() for name in client.scan_iter(f"{{{prefix}}}*", count=1000))
    return sorted(name.removeprefix(f"{{{prefix}}}:") for name in names)


def life(client, prefix, name):
    """Tell how long a key lives, in milliseconds."""
    return client.pttl(f"{{{prefix}}}:{name}")


# --- Keys ---


def test_keys_begin_with_the_prefix(store, client, prefix):
    """A row, its user's list, the list of all, and the tag; the row's key is not its identifier."""
    key = new_key()
    store.create(key, make_row())
    expected = ["live", f"s:{key.hex()}", "tag", "u=alice"]
    assert keys_under(client, prefix) == expected


def test_keys_of_a_cluster_are_in_one_slot(redis_three, prefix):
    """Whatever the key and the user, and however hostile its name, the slot is the prefix's."""
    with RedisCluster(host=ADDRESS, port=redis_three[0].port) as cluster:
        store = RedisStore(cluster, prefix=prefix)
        for user in ("alice", "{bob}", "}{", None):
            store.create(new_key(), make_row(user=user))
        with store.lock(new_key(), timeout=5):
            names = [
                name
                for node in redis_three
                for name in node.client().scan_iter(f"{{{prefix}}}*", count=1000)
            ]
        assert len(names) == 10
        assert len({cluster.keyslot(name) for name in names}) == 1


def test_ended_row_leaves_a_tombstone_only(store, client, prefix):
    """User and payload go at once; what stays is the key's hash, until it is purged."""
    key = new_key()
    store.create(key, make_row())
    store.end([key])
    assert keys_under(client, prefix) == ["ended", "tag"]
    assert client.zrange(f"{{{prefix}}}:ended", 0, -1, withscores=True) in (
        [(key.hex().encode(), float(NOW + HOUR))],
        [[key.hex().encode(), float(NOW + HOUR)]],
    )
    store.purge(NOW + HOUR + 1, 10)
    assert keys_under(client, prefix) == ["tag"]


@pytest.mark.parametrize("moment", [NOW, 5, 4_000_000_000])
def test_nothing_lives_for_ever(store, client, prefix, moment):
    """All but the tag expires a day after the row's end, whatever the clock of the writer says."""
    key = new_key()
    store.create(key, make_row(created_at=moment, seen_at=moment, ends_at=moment + HOUR))
    names = ["live", f"s:{key.hex()}", "u=alice"]
    for name in names:
        assert 0 <= HOUR_MS + GRACE_MS - life(client, prefix, name) < 60_000
    assert store.touch(key, moment + HOUR, moment + 3 * HOUR)
    for name in names:
        assert 0 <= 2 * HOUR_MS + GRACE_MS - life(client, prefix, name) < 60_000
    store.end([key])
    assert 0 <= 2 * HOUR_MS + GRACE_MS - life(client, prefix, "ended") < 60_000
    with store.lock(key, timeout=5):
        assert 0 < life(client, prefix, f"l:{key.hex()}") <= 5000
    assert life(client, prefix, "tag") == -1


def test_index_outlives_its_rows(store, client, prefix):
    """A row that ends sooner does not shorten the life of the lists that others are in."""
    store.create(new_key(), make_row(ends_at=NOW + 50 * HOUR))
    store.create(new_key(), make_row(ends_at=NOW - HOUR))
    for name in ("live", "u=alice"):
        assert life(client, prefix, name) > 50 * HOUR_MS + GRACE_MS - 60_000


def test_row_that_redis_removed_is_not_found(store, client, prefix):
    """What expired or was evicted dangles nowhere: lists, ends and purges pass over it."""
    gone, here = new_key(), new_key()
    for key in (gone, here):
        store.create(key, make_row())
    client.delete(f"{{{prefix}}}:s:{gone.hex()}")
    assert store.read(gone) is None
    assert store.update(gone, make_row(version=2)) == Update(False, None)
    assert [key for key, _ in store.list_user("alice")] == [here]
    assert client.smembers(f"{{{prefix}}}:u=alice") == {here.hex().encode()}
    assert store.end_user("alice") == 1
    assert store.end_all() == 0
    assert keys_under(client, prefix) == ["ended", "tag"]


def test_evicted_lists_come_back(store, client, prefix):
    """A touch or an update lists its row anew, so that nothing stays unlisted for long."""
    touched, updated = new_key(), new_key()
    for key in (touched, updated):
        store.create(key, make_row())
    client.delete(f"{{{prefix}}}:u=alice", f"{{{prefix}}}:live")
    store.touch(touched, NOW, NOW)
    store.update(updated, make_row(version=2))
    assert len(store.list_user("alice")) == 2
    assert store.end_all() == 2


def test_unreadable_row_is_not_found(store, client, prefix):
    """A row that was tampered with counts as none, alone, in a list and in a conflict."""
    good, *bad = (new_key() for _ in range(5))
    for key in (good, *bad):
        store.create(key, make_row())
    whole = client.get(f"{{{prefix}}}:s:{good.hex()}")
    damaged = (whole[:35], whole[:38], whole.replace(b"alice", b"al\xffce"), b"")
    for key, octets in zip(bad, damaged, strict=True):
        client.set(f"{{{prefix}}}:s:{key.hex()}", octets, keepttl=True)
    for key in bad:
        assert store.read(key) is None
        assert store.transact(key, lambda row: pytest.fail("it is unreadable")) is None
    assert [key for key, _ in store.list_user("alice")] == [good]


def test_keys_of_somebody_else_are_told(store, client, prefix):
    """Where a key has another kind of value, this is no store of ours."""
    key = new_key()
    client.hset(f"{{{prefix}}}:s:{key.hex()}", "canary", "canary")
    with pytest.raises(StoreCorruptError, match="belong to another program") as told:
        store.read(key)
    assert "canary" not in str(told.value)


def test_tag_is_agreed_on_after_all_was_lost(redis_single, prefix, client):
    """When Redis came back empty, the next row's process learns the tag that counts now."""
    one, other = (RedisStore(redis_single.url, prefix=prefix) for _ in range(2))
    tag = one.tag
    assert other.tag == tag
    client.delete(f"{{{prefix}}}:tag")
    one.create(new_key(), make_row())
    assert client.get(f"{{{prefix}}}:tag").decode() == one.tag == tag
    client.set(f"{{{prefix}}}:tag", "another1")
    other.replace(None, new_key(), make_row())
    assert other.tag == "another1"
    for store in (one, other):
        store.close()


# --- Round trips ---


class CountingConnection(redis.Connection):
    """Counts what is sent."""

    sent = 0

    def send_packed_command(self, *args, **kwargs):
        CountingConnection.sent += 1
        return super().send_packed_command(*args, **kwargs)


def test_each_method_is_one_round_trip(redis_single, prefix):
    """Once connected, a call sends one command and reads one answer."""
    pool = redis.ConnectionPool(
        connection_class=CountingConnection, host=ADDRESS, port=redis_single.port
    )
    store = RedisStore(redis.Redis(connection_pool=pool), prefix=prefix)
    key, new, other = new_key(), new_key(), new_key()

    def run():
        yield lambda: store.create(key, make_row())
        yield lambda: store.read(key)
        yield lambda: store.update(key, make_row(version=2))
        yield lambda: store.update(key, make_row(version=2))
        yield lambda: store.touch(key, NOW, NOW)
        yield lambda: store.replace(key, new, make_row())
        yield lambda: store.replace(key, other, make_row())
        yield lambda: store.list_user("alice")
        yield lambda: store.end([new, key])
        yield lambda: store.end_user("alice")
        yield lambda: store.purge(NOW + 9 * HOUR, 9)

    store.tag  # noqa: B018 - it is asked for once
    for call in run():
        call()
    key, new = new_key(), new_key()
    for call in run():
        before = CountingConnection.sent
        call()
        assert CountingConnection.sent == before + 1
    pool.disconnect()


def test_scripts_come_back(store, client):
    """Scripts that Redis forgot are given to it again, unnoticed."""
    key = new_key()
    store.create(key, make_row())
    client.script_flush()
    assert store.update(key, make_row(version=2)).written
    assert client.script_exists(module.scripts.UPDATE.sha) == [True]
    client.script_flush()
    assert store.end([key]) == 1


def test_many_end_in_steps(store, monkeypatch):
    """No script works on more rows than a batch."""
    monkeypatch.setattr(module, "BATCH", 3)
    keys = [new_key() for _ in range(10)]
    for key in keys:
        store.create(key, make_row())
    assert store.end(keys[:7]) == 7
    assert store.end_all() == 3
    assert store.end_all() == 0


def test_transaction_gives_up_in_time(store, redis_single, prefix, monkeypatch):
    """Where others write one session without a pause, a transaction does not go on for ever."""
    monkeypatch.setattr(module, "TRANSACT_SECONDS", 0.05)
    other = RedisStore(redis_single.url, prefix=prefix)
    key = new_key()
    store.create(key, make_row())

    def change(row):
        other.update(key, row._replace(version=row.version + 1))
        return row

    with pytest.raises(StoreUnavailableError, match="others keep writing one session"):
        store.transact(key, change)
    other.close()


def test_transaction_of_a_row_that_ends_meanwhile(store):
    """A row that ends between reading and writing is not written."""
    key = new_key()
    store.create(key, make_row())

    def change(row):
        store.end([key])
        return row

    assert store.transact(key, change) is None
    assert store.read(key) is None


# --- Addresses ---


def test_url_names_the_database(redis_single, prefix):
    """The number at the end of the URL counts, and is shown; user and password are not."""
    url = f"redis://default:canary@{ADDRESS}:{redis_single.port}/3"
    store = RedisStore(url, prefix=prefix)
    assert repr(store) == f"<RedisStore {{{prefix}}} in Redis at {ADDRESS}:{redis_single.port}/3>"
    plain = RedisStore(f"{redis_single.url.rpartition('/')[0]}/3", prefix=prefix)
    key = new_key()
    plain.create(key, make_row())
    with redis_single.client(db=3) as client:
        assert client.exists(f"{{{prefix}}}:s:{key.hex()}")
    for each in (store, plain):
        each.close()


def test_connections_made_from_a_url_have_timeouts(store, redis_single):
    """No call waits for ever; the URL may say otherwise."""
    options = store._client.connection_pool.connection_kwargs
    assert options["socket_timeout"] == options["socket_connect_timeout"] == TIMEOUT == 2
    other = RedisStore(f"{redis_single.url}?socket_timeout=7")
    assert other._client.connection_pool.connection_kwargs["socket_timeout"] == 7
    assert repr(other) == f"<RedisStore {{strict_cookies}} in Redis at {redis_single.url[8:]}>"


def test_unix_socket(tmp_path):
    """A socket in the file system is an address."""
    path = tmp_path / "redis.sock"
    with redis_server("--unixsocket", str(path)):
        store = RedisStore(f"unix://{path}")
        key = new_key()
        store.create(key, make_row())
        assert store.read(key) == make_row()
        assert repr(store) == f"<RedisStore {{strict_cookies}} in Redis at {path}>"
        store.close()


def test_tls(tmp_path):
    """rediss:// speaks TLS and believes no certificate that it does not know."""
    authority = trustme.CA()
    issued = authority.issue_cert(ADDRESS)
    authority.cert_pem.write_to_path(tmp_path / "ca")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    files = ("--tls-cert-file", "cert", "--tls-key-file", "key", "--tls-ca-cert-file", "ca")
    options = [word if word[0] == "-" else str(tmp_path / word) for word in files]
    port = free_port()
    with redis_server(*options, "--tls-auth-clients", "no", "--tls-port", str(port)):
        url = f"rediss://:canary@{ADDRESS}:{port}/0"
        strange = RedisStore(url)
        with pytest.raises(StoreUnavailableError, match="can't be reached") as told:
            strange.read(new_key())
        assert "canary" not in str(told.value)
        store = RedisStore(f"rediss://{ADDRESS}:{port}/0?ssl_ca_certs={tmp_path / 'ca'}")
        assert len(store.tag) == 8
        for each in (strange, store):
            each.close()


def test_client_of_a_sentinel(tmp_path):
    """What Sentinel gives as the master is a client like another."""
    with redis_server() as master:
        file = tmp_path / "sentinel.conf"
        file.write_text(f"sentinel monitor shop {ADDRESS} {master.port} 1\n")
        with redis_server(config=file) as sentinel:
            finder = Sentinel([(ADDRESS, sentinel.port)])
            store = RedisStore(finder.master_for("shop"))
            key = new_key()
            store.create(key, make_row())
            assert store.read(key) == make_row()
            assert repr(store) == "<RedisStore {strict_cookies} in Redis>"
            store.close()
            assert store.read(key) == make_row()
            store._client.close()
            for client in finder.sentinels:
                client.close()


def test_client_that_was_handed_in_stays_open(redis_single, prefix):
    """Closing the store does not close what is not its own."""
    with redis_single.client() as client:
        store = RedisStore(client, prefix=prefix)
        store.create(new_key(), make_row())
        store.close()
        assert client.connection_pool._available_connections
        assert client.ping()


@pytest.mark.parametrize(
    ("server", "text"),
    [
        (lambda port: redis.Redis(port=port, decode_responses=True), "that decodes responses"),
        (lambda port: redis.asyncio.Redis(port=port), "redis.asyncio.client.Redis. Give a URL"),
        (lambda port: object(), "got a builtins.object. Give a URL, or a client of redis-py"),
        (lambda port: f"redis://:canary/p@{ADDRESS}:{port}/0", "can't be read. Write redis://"),
        (lambda port: f"redis://:canary@{ADDRESS}:{port}/0?socket_timeout=x", "can't be read"),
        (lambda port: f"redis://:canary@{ADDRESS}:{port}/0?nonsense=x", "can't be read"),
        (lambda port: f"redis://:canary@{ADDRESS}:{port}/0?decode_responses=1", "decodes"),
        (lambda port: f"http://:canary@{ADDRESS}:{port}/0", "can't be read"),
    ],
    ids=[
        *("decoding", "asynchronous", "other", "slash in the password"),
        *("wrong option", "unknown option", "decoding URL", "other scheme"),
    ],
)
def test_what_is_no_client_is_refused(redis_single, server, text):
    """It says what to give instead, and never the password."""
    given = server(redis_single.port)
    with pytest.raises(ConfigurationError, match=text) as told:
        RedisStore(given)
    assert "canary" not in str(told.value)
    if isinstance(given, redis.asyncio.Redis):
        # In a thread of its own: a browser may be driven from this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, given.aclose()).result()


@pytest.mark.parametrize("prefix", ["", "a{b", "a}b", "a b", "ä", "a\n"])
def test_prefix_that_would_change_the_slot_is_refused(redis_single, prefix):
    """The prefix is a hash tag and has no braces of its own."""
    with pytest.raises(ConfigurationError, match="Use letters, digits"):
        RedisStore(redis_single.url, prefix=prefix)


def test_lock_waits_for_another_holder(redis_single, prefix, client):
    """A lock that another process holds is taken when that one's time is over."""
    store = RedisStore(redis_single.url, prefix=prefix)
    key = new_key()
    client.set(f"{{{prefix}}}:l:{key.hex()}", "somebody", px=100)
    with pytest.raises(StoreUnavailableError, match="not acquired"), store.lock(key, timeout=0.02):
        pytest.fail("somebody has it")
    with store.lock(key, timeout=20):
        pass
    wait_until(lambda: not client.exists(f"{{{prefix}}}:l:{key.hex()}"))
    store.close()
