"""What a flood of visitors who never return leaves in the store; run by ``make endurance``."""

from __future__ import annotations

import random
import time

from strict_cookies.sessions.stores.sqlite import SQLiteStore

from ..sessions.apps import FIREFOX, Clock, make_manager
from ..sessions.places import NOW

HITS = 1_000_000
#: Of all visitors, those who come back within the hour.
RETURNING = 0.05
#: Hits per second: a day of them is 8.6 million.
RATE = 100


def test_flood_of_visitors_is_bounded(tmp_path, record_property):
    """Rows, file and latency stay bounded by the hour, however many came before."""
    path, clock = tmp_path / "sessions.sqlite", Clock(NOW)
    store = SQLiteStore(path)
    manager = make_manager(store, clock=clock)
    draw, waiting, latencies, sizes, rows = random.Random(1), [], [], [], []
    for hit in range(HITS):
        clock.turn(1 / RATE)
        begun = time.perf_counter()
        visit = manager.begin({"csrf_token": "x" * 40}, FIREFOX)
        if manager.is_purge_due():
            manager.purge()
        latencies.append(time.perf_counter() - begun)
        if draw.random() < RETURNING:
            waiting.append((clock() + draw.uniform(60, 3000), visit.signed))
        while waiting and waiting[0][0] < clock():
            _, signed = waiting.pop(0)
            found = manager.open(signed, FIREFOX).visit
            if found is not None:
                manager.save(found, {**found.read_data(), "seen": 1})
        if hit % (HITS // 20) == HITS // 20 - 1:
            sizes.append(path.stat().st_size)
            ((count,),) = store._select("SELECT count(*) FROM sessions WHERE ? = ''", "")
            rows.append(count)
    latencies.sort()
    p99 = latencies[int(len(latencies) * 0.99)] * 1e6
    print(f"rows {rows}, MiB {[size >> 20 for size in sizes]}, p99 {p99:.0f} us")
    # An hour of hits, and those that returned for a day more; the file has room for both.
    expected = RATE * 3600 + HITS * RETURNING
    assert max(rows) < 1.2 * expected
    assert max(sizes) < expected * 1000
    store.close()
