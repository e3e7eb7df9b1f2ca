"""A chat endpoint of the tests' own, over real HTTP on the loopback address, that answers well or misbehaves on demand.

It speaks the OpenAI chat completions protocol as far as one question and one answer, and remembers what it was asked.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

Passages = list[dict[str, object]]
Sentences = list[dict[str, object]]
Answer = Callable[["Handler", "Asked"], None]
AGES = 120.0  # seconds: longer than any machine takes to cut it off


@dataclass(frozen=True)
class Asked:
    """One question as it came over the wire."""

    path: str
    headers: dict[str, str]
    raw: str

    @property
    def body(self) -> dict[str, object]:
        return dict(json.loads(self.raw))

    @property
    def messages(self) -> list[dict[str, str]]:
        return cast("list[dict[str, str]]", self.body["messages"])

    @property
    def data(self) -> dict[str, object]:
        """What the second message carries: the request and the passages."""
        return dict(json.loads(self.messages[1]["content"]))

    @property
    def passages(self) -> Passages:
        return cast("Passages", self.data["passages"])


@dataclass
class ChatServer:
    """`answer` is what it does next; `asked` is what it was asked so far, `ended` how many answers it told to the end.

    Whether its slowness was cut off is seen in `ended` and not on the clock: the machine may be slow too.
    """

    url: str
    answer: Answer
    asked: list[Asked] = field(default_factory=list)
    ended: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """One question. What a behaviour breaks on purpose is not logged."""

    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, raw)
        self.server.chat.asked.append(asked)
        with contextlib.suppress(ConnectionError):
            self.server.chat.answer(self, asked)
            self.server.chat.ended += 1
        self.close_connection = True

    def send(self, body: bytes, *, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def wait(self, seconds: float) -> None:
        """Wait, or stop waiting when the test is over."""
        self.server.chat.over.wait(seconds)

    def log_message(self, *args: object) -> None:
        """The tests read `asked` instead."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    chat: ChatServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is what many tests are about."""


@contextlib.contextmanager
def chat_server(answer: Answer) -> Iterator[ChatServer]:
    server = _Server(("127.0.0.1", 0), Handler)
    server.chat = ChatServer(f"http://127.0.0.1:{server.server_port}/v1", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.chat
    finally:
        server.chat.over.set()
        server.shutdown()
        server.server_close()


def completion(content: str | None, *, finish: str = "stop", **message: object) -> bytes:
    """A whole answer of the protocol with this content."""
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "served",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": content, **message},
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    ).encode()


def saying(content: str | None, **more: object) -> Answer:
    """Answer with this content, whatever it is."""
    return lambda handler, asked: handler.send(completion(content, **more))  # type: ignore[arg-type]


def sentences(make: Callable[[Passages], Sentences]) -> Answer:
    """Answer in the right form with the sentences made of the passages that were given."""

    def answer(handler: Handler, asked: Asked) -> None:
        handler.send(completion(json.dumps({"sentences": make(asked.passages)})))

    return answer


def well_worded(passages: Passages) -> Sentences:
    """What a good model would say: the steps with "please", plain sentences with a small word, commands as they are."""
    return [{"text": _worded(str(p["form"]), str(p["text"])), "passage": p["number"]} for p in passages]


def _worded(form: str, text: str) -> str:
    if form in {"command", "item"} or text.endswith(":"):
        return text
    if form == "step":
        return f"Please {text[0].lower()}{text[1:]}"
    return f"Now {text[0].lower()}{text[1:]}"


def status(code: int, **headers: str) -> Answer:
    body = json.dumps({"error": {"message": "no", "type": "x", "code": None}}).encode()
    return lambda handler, asked: handler.send(body, status=code, **headers)


def slow(handler: Handler, asked: Asked) -> None:
    """Say nothing for ages, then answer well."""
    handler.wait(AGES)
    sentences(well_worded)(handler, asked)


def dripping(handler: Handler, asked: Asked) -> None:
    """Send a byte now and then, for ages: no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    _drip(handler)


def dripping_headers(handler: Handler, asked: Asked) -> None:
    """The same, without ever coming to the end of the headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _drip(handler, b"X-A: b\r\n")


def _drip(handler: Handler, piece: bytes = b" ") -> None:
    end = time.monotonic() + AGES
    while time.monotonic() < end and not handler.server.chat.over.is_set():
        handler.wfile.write(piece)
        handler.wfile.flush()
        handler.wait(0.1)


def endless(handler: Handler, asked: Asked) -> None:
    """Send without end, as fast as it is read."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    while not handler.server.chat.over.is_set():
        handler.wfile.write(b" " * 65_536)


def breaking_off(handler: Handler, asked: Asked) -> None:
    """Promise a thousand bytes, send ten and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices"')
    handler.wfile.flush()
    handler.connection.close()


def hanging_up(handler: Handler, asked: Asked) -> None:
    """Hang up without a word."""
    handler.connection.close()
