"""A keep-alive HTTP client that costs almost nothing, so that the server is what is measured."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit


class QuickClient:
    """One connection. `post` returns (status, body, seconds)."""

    def __init__(self, base_url: str, *, access: str = "", headers: dict[str, str] | None = None) -> None:
        address = urlsplit(base_url)
        assert address.hostname is not None
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        if access:
            self.headers["Authorization"] = f"Bearer {access}"

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any, float]:
        data = json.dumps(body) if body is not None else None
        started = time.perf_counter()
        self.connection.request(method, path, data, self.headers)
        response = self.connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        kind = response.headers.get("Content-Type", "")
        return response.status, json.loads(content) if "json" in kind and content else None, seconds

    def close(self) -> None:
        self.connection.close()
