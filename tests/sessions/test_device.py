"""Browser family and platform from a User-Agent: few words, no version."""

from __future__ import annotations

import pytest

from strict_cookies.sessions.device import MAX_USER_AGENT, read_device

from .apps import CHROME, FIREFOX, NEW_FIREFOX

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        pytest.param(FIREFOX, "Firefox on Linux", id="Firefox, Linux"),
        pytest.param(CHROME, "Chrome on Windows", id="Chrome, Windows"),
        pytest.param(
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_BLINK} Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows", id="Edge",
        ),
        pytest.param(
            f"Mozilla/5.0 (X11; Linux x86_64) {_BLINK} Safari/537.36 OPR/120.0.0.0",
            "Opera on Linux", id="Opera",
        ),
        pytest.param(
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.0 "
            "Safari/605.1.15",
            "Safari on macOS", id="Safari, macOS",
        ),
        pytest.param(
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {_WEBKIT} Version/18.0 "
            "Mobile/15E148 Safari/604.1", "Safari on iOS", id="Safari, iOS",
        ),
        pytest.param(
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {_WEBKIT} CriOS/140.0.0.0 "
            "Mobile/15E148 Safari/604.1", "Chrome on iOS", id="Chrome, iOS",
        ),
        pytest.param(
            f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_BLINK} Mobile Safari/537.36",
            "Chrome on Android", id="Chrome, Android",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) "
            "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android", id="Samsung",
        ),
        pytest.param(
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_BLINK} Safari/537.36",
            "Chrome on ChromeOS", id="ChromeOS",
        ),
        pytest.param("curl/8.9.1", "Unknown browser", id="curl"),
        pytest.param("", "Unknown browser", id="nothing"),
        pytest.param("Firefox/140.0", "Firefox", id="no platform"),
        pytest.param("Browser (Windows NT 10.0)", "Browser on Windows", id="no family"),
    ],
)  # fmt: skip
def test_device_is_made_out(user_agent, label):
    """Each common browser is told by family and platform."""
    assert read_device(user_agent).label == label


def test_update_changes_nothing():
    """Another version of a browser is the same device."""
    assert read_device(FIREFOX) == read_device(NEW_FIREFOX)


def test_nothing_of_what_was_sent_is_in_the_label():
    """A label is made of known words, whatever a client writes."""
    label = read_device('<script>alert("Firefox/1")</script> Windows').label
    assert label == "Firefox on Windows"


def test_long_text_is_cut():
    """What stands behind the first octets is not looked at."""
    assert not read_device(" " * MAX_USER_AGENT + FIREFOX).known
