"""What keeps a response out of shared caches, and out of all."""

import pytest
from werkzeug.datastructures import Headers

from strict_cookies.http.cache_control import (
    is_uncached,
    is_unshared,
    keep_out_of_caches,
    parse_cache_control,
)


@pytest.mark.parametrize(
    ("values", "unshared", "uncached"),
    [
        (["private"], True, False),
        (["PRIVATE, max-age=5"], True, False),
        (["max-age=5", "private"], True, False),
        (["no-store"], True, True),
        (["No-Store, max-age=0"], True, True),
        (['private="X-Foo"'], False, False),
        (['private=""'], False, False),
        (["private, public"], False, False),
        (["private, s-maxage=5"], False, False),
        (["no-store-xx"], False, False),
        (["x-private"], False, False),
        (['ext="private"'], False, False),
        (['ext="a, no-store"'], False, False),
        (["no-store, must-understand"], False, False),
        (["no-cache"], False, False),
        (["public, max-age=60"], False, False),
        ([""], False, False),
    ],
)
def test_directives_are_parsed_not_searched(values, unshared, uncached):
    """Only an unqualified private, or no-store alone, keeps a response out of shared caches."""
    control = parse_cache_control(values)
    assert is_unshared(control) is unshared
    assert is_uncached(control) is uncached


@pytest.mark.parametrize(
    ("given", "unshared", "uncached"),
    [
        ([], "private", "no-store"),
        (["no-cache"], "no-cache, private", "no-store"),
        (["max-age=5, private"], "max-age=5, private", "no-store"),
        (["no-store"], "no-store", "no-store"),
        (["no-store, max-age=0"], "no-store, max-age=0", "no-store, max-age=0"),
        (["public, max-age=60"], "max-age=60, private", "no-store"),
        (["s-maxage=60, max-age=5"], "max-age=5, private", "no-store"),
        (['private="X-Foo", max-age=5'], "private, max-age=5", "no-store"),
        (["no-store-xx"], "no-store-xx, private", "no-store"),
        (["no-store, must-understand"], "no-store, private", "no-store"),
        (["public", "max-age=60"], "max-age=60, private", "no-store"),
        (["private; max-age=5"], "private", "no-store"),
    ],
)
def test_response_is_kept_out_of_caches(given, unshared, uncached):
    """What is strict enough stays as it was; the rest is rewritten as one line."""
    for shared_only, expected in ((True, unshared), (False, uncached)):
        headers = Headers([("Cache-Control", value) for value in given])
        keep_out_of_caches(headers, shared_only=shared_only)
        assert headers.getlist("Cache-Control") == [expected]


@pytest.mark.parametrize(
    "name",
    ["CDN-Cache-Control", "cloudflare-cdn-cache-control", "Surrogate-Control", "Edge-Control",
     "X-Accel-Expires", "X-LiteSpeed-Cache-Control"],
)  # fmt: skip
@pytest.mark.parametrize("control", ["private", "no-store", "public"])
def test_overrides_of_single_caches_are_removed(name, control):
    """They would hold in place of Cache-Control there."""
    headers = Headers([(name, "max-age=60"), ("Cache-Control", control), ("Age", "1")])
    keep_out_of_caches(headers, shared_only=True)
    assert name not in headers
    assert headers["Age"] == "1"
