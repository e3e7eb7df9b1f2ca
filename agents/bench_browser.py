"""A browser for measurements: it keeps its connection and its cookies, and knows how long each page took to arrive."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from agents.bench_server import KEPT_SECONDS, PROCESSOR_HEADER, QUERIES_HEADER

# The portal limits what one address may ask; a measurement comes from several, as a site's visitors do.
REQUESTS_PER_ADDRESS = 100


@dataclass(frozen=True)
class Answer:
    """What came back. `milliseconds` run from sending to the last byte; queries and processor (ms) the server tells."""

    status: int
    milliseconds: float
    body: bytes
    location: str
    queries: int
    processor: float


class Browser:
    """One person's browser at `localhost:port`; `number` keeps its addresses apart from other browsers'."""

    def __init__(self, port: int, number: int = 1) -> None:
        self._port = port
        self._number = number
        self._sent = 0
        self._last_used = 0.0
        self._cookies: dict[str, str] = {}
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None)

    def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        return self._send("POST", path, urlencode(fields))

    def sign_in(self, path: str, email: str, password: str) -> None:
        """Sign in by the form, as people do. Raises RuntimeError when the site refuses."""
        self.get(path)
        answer = self.post(path, {"login": email, "password": password})
        if answer.status != http.HTTPStatus.FOUND:
            raise RuntimeError(f"{email} could not sign in: {answer.status}")

    def _send(self, method: str, path: str, body: str | None) -> Answer:
        connection = self._connected()
        headers = {
            "Host": f"localhost:{self._port}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        if body is not None:
            secrets = [value for name, value in self._cookies.items() if name.endswith("csrf")]
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": "".join(secrets)}
        started = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        passed = (time.perf_counter() - started) * 1000
        for header in response.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        told = response.headers
        queries, processor = int(told.get(QUERIES_HEADER, 0)), float(told.get(PROCESSOR_HEADER, 0))
        return Answer(response.status, passed, content, told.get("Location", ""), queries, processor)

    def _connected(self) -> http.client.HTTPConnection:
        idle = time.monotonic() - self._last_used
        self._last_used = time.monotonic()
        if self._connection is None or self._sent % REQUESTS_PER_ADDRESS == 0 or idle > KEPT_SECONDS / 2:
            if self._connection is not None:
                self._connection.close()
            address = f"127.2.{self._number % 250}.{self._sent // REQUESTS_PER_ADDRESS % 250 + 1}"
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=60, source_address=(address, 0)
            )
        self._sent += 1
        return self._connection
