"""Counters of one process for rate limits. Unlike the library's own memory storage it starts no thread a hit."""

import threading
import time
from typing import Any

from limits.storage.base import Storage


class ProcessStorage(Storage):
    """Fixed windows in a dictionary. What has expired is swept when the dictionary has doubled since the last time."""

    STORAGE_SCHEME = None
    _SWEEP_FROM = 1024

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._windows: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()
        self._sweep_at = self._SWEEP_FROM

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            count, ends = self._windows.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            count += amount
            self._windows[key] = (count, ends)
            if len(self._windows) >= self._sweep_at:
                self._windows = {name: window for name, window in self._windows.items() if window[1] > now}
                self._sweep_at = max(self._SWEEP_FROM, 2 * len(self._windows))
        return count

    def get(self, key: str) -> int:
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        ends = self._windows.get(key, (0, 0.0))[1]
        return max(ends, time.time())

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._lock:
            forgotten = len(self._windows)
            self._windows.clear()
        return forgotten

    def clear(self, key: str) -> None:
        with self._lock:
            self._windows.pop(key, None)
