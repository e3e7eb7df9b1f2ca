"""The wire to a chat endpoint: one deadline for all of a question, and a cap on the bytes that are taken in.

Pure of Django. However slowly or endlessly the other end answers, header by header or byte by byte, it is cut off in
time. Connections are not kept: nothing is inherited over a fork, and no redirect or proxy is followed.
"""

import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpcore
import httpx

CONNECT_SECONDS = 4.0
MAX_ANSWER_BYTES = 400_000


class OutOfTimeError(Exception):
    """The deadline has passed."""


class AnswerTooLongError(Exception):
    """More bytes came than are taken in."""


class UnreadableAnswerError(Exception):
    """The answer is packed in a way that was not asked for."""


class Allowance:
    """What one question may still use up."""

    def __init__(self, seconds: float, answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self.deadline = time.monotonic() + seconds
        self.bytes_left = answer_bytes

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def seconds(self, at_most: float | None = None) -> float:
        """Return the time that an operation may take; raises OutOfTimeError when there is none."""
        left = self.seconds_left
        if left <= 0:
            raise OutOfTimeError
        return left if at_most is None else min(left, at_most)

    def take(self, received: bytes) -> bytes:
        self.bytes_left -= len(received)
        if self.bytes_left < 0:
            raise AnswerTooLongError
        return received


class _Stream(httpcore.NetworkStream):
    """A connection whose every read and write asks the allowance first."""

    def __init__(self, inner: httpcore.NetworkStream, allowance: Allowance) -> None:
        self._inner = inner
        self._allowance = allowance

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._allowance.take(self._inner.read(max_bytes, self._allowance.seconds(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._allowance.seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._allowance.seconds(timeout))
        return _Stream(inner, self._allowance)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, allowance: Allowance) -> None:
        self._inner = httpcore.SyncBackend()
        self._allowance = allowance

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        seconds = self._allowance.seconds(CONNECT_SECONDS if timeout is None else min(timeout, CONNECT_SECONDS))
        stream = self._inner.connect_tcp(host, port, seconds, local_address, socket_options)
        return _Stream(stream, self._allowance)


class _Body(httpx.SyncByteStream):
    """The body of an answer; closing it closes the connection."""

    def __init__(self, answer: httpcore.Response, pool: httpcore.ConnectionPool) -> None:
        self._answer = answer
        self._pool = pool

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
        self._pool.close()


class BoundedTransport(httpx.BaseTransport):
    """`allow` begins a question; without an allowance nothing is sent. `send_key`: whether there is a key to send."""

    def __init__(self, *, send_key: bool) -> None:
        self._send_key = send_key
        self._allowance = Allowance(0)
        self._tls = httpx.create_ssl_context()

    def allow(self, allowance: Allowance) -> None:
        self._allowance = allowance

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        pool = httpcore.ConnectionPool(
            ssl_context=self._tls, network_backend=_Backend(self._allowance), max_keepalive_connections=0
        )
        try:
            answer = pool.handle_request(self._question(request))
        except BaseException:
            pool.close()
            raise
        if any(name.lower() == b"content-encoding" and value != b"identity" for name, value in answer.headers):
            answer.close()
            pool.close()
            raise UnreadableAnswerError
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, pool))

    def _question(self, request: httpx.Request) -> httpcore.Request:
        request.headers["Accept-Encoding"] = "identity"  # a small packed answer could unpack to a huge one
        request.headers["Connection"] = "close"
        if not self._send_key:
            request.headers.pop("Authorization", None)
        url = request.url
        return httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
        )
