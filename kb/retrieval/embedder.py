"""The one way from text to vectors: all-MiniLM-L6-v2 on ONNX Runtime, loaded on first use and so after any fork.

Every text is redacted here: no secret ever reaches a vector. A vector depends on its text and the model alone, never on
what is embedded beside it. When the model's files are absent `EmbedderUnavailable` says so, and search is lexical.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from tokenizers import Tokenizer

from kb.redaction import redact

DIMENSIONS = 384
PASSAGE_TOKENS = 256
QUERY_TOKENS = 80
QUERY_HEAD = 24
LONGEST_END = 800
"""Characters; a word piece has four on average."""
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
FULL_GRAPH_FILE = "all-MiniLM-L6-v2.fp32.onnx"
GRAPH_FILE = "all-MiniLM-L6-v2.int8.onnx"

# Vectors of different embedders are never compared: another model, quantisation or graph gets another key.
INT8 = "all-MiniLM-L6-v2/int8/1"
FULL = "all-MiniLM-L6-v2/fp32/1"
GRAPHS = {INT8: GRAPH_FILE, FULL: FULL_GRAPH_FILE}
# What a new site's index is made with; and what compares requests with each other, whichever index is live.
DEFAULT_EMBEDDER = INT8

Vectors = npt.NDArray[np.float32]


class EmbedderUnavailable(Exception):  # noqa: N818 - a state that callers expect, not a fault
    """There is no embedder to run; the message names the missing file."""


class Embedder:
    """A tokenizer and a session of ONNX Runtime. Threads may share one.

    `remembers`: so many of the latest vectors are kept, by the digest of their text, for who compares one text in
    several ways and quotes the same articles again and again.
    """

    remembers = 0

    def __init__(self, directory: Path, graph: str = GRAPH_FILE) -> None:
        for name in (graph, TOKENIZER_FILE):
            if not (directory / name).is_file():
                raise EmbedderUnavailable(f"{name} is not there; `make setup` fetches it")
        # Importing ONNX Runtime starts a thread; a process forked after that hangs or aborts when it ends.
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1  # processes are the unit of parallelism; two threads each would fight
        options.inter_op_num_threads = 1
        self._session = InferenceSession(str(directory / graph), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(directory / TOKENIZER_FILE))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[bytes, int, int | None], Vectors] = OrderedDict()

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)

    def embed(self, text: str, *, tokens: int, head: int | None = None) -> Vectors:
        """One vector of unit length. Of a text longer than `tokens` word pieces the first `head` and the last count."""
        if not self.remembers:
            return self._run(text, tokens, head)
        key = (hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest(), tokens, head)
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
        vector = self._run(text, tokens, head)
        vector.flags.writeable = False  # it is handed out again
        with self._lock:
            self._remembered[key] = vector
            while len(self._remembered) > self.remembers:
                self._remembered.popitem(last=False)
        return vector

    def _run(self, text: str, tokens: int, head: int | None) -> Vectors:
        ids = self._tokenizer.encode(text).ids
        if len(ids) > tokens:
            first = tokens - 1 if head is None else head
            ids = [*ids[:first], *ids[first - tokens :]]
        began = time.perf_counter()
        outputs = self._session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})
        _clock.add(time.perf_counter() - began)
        return np.asarray(outputs[0][0], dtype=np.float32)


class _Clock:
    """The seconds that this process's embedders have worked, in whichever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds


_clock = _Clock()


def seconds_spent() -> float:
    """How long this process's embedders have worked by now, in seconds: two readings tell what lies between them."""
    return _clock.seconds


_lock = threading.Lock()
_loaded: dict[tuple[Path, str], Embedder] = {}


def embedder_directory(graph: str = GRAPH_FILE) -> Path:
    """HANDRAIL_EMBEDDER_DIR where it holds this built graph, else `models/` in the data directory."""
    configured = Path(settings.HANDRAIL_EMBEDDER_DIR) if settings.HANDRAIL_EMBEDDER_DIR else None
    if configured and (configured / graph).is_file():
        return configured
    return Path(settings.HANDRAIL_DATA) / "models"


def get_embedder(key: str = DEFAULT_EMBEDDER) -> Embedder:
    """This process's embedder of that key. Raises EmbedderUnavailable; a later call looks again."""
    graph = GRAPHS.get(key)
    if graph is None:
        raise EmbedderUnavailable(f"this version knows no embedder {key!r}")
    directory = embedder_directory(graph)
    with _lock:
        if (directory, graph) not in _loaded:
            _loaded[directory, graph] = Embedder(directory, graph)
        return _loaded[directory, graph]


def embed_texts(
    texts: Sequence[str], *, tokens: int = PASSAGE_TOKENS, head: int | None = None, embedder: str = DEFAULT_EMBEDDER
) -> Vectors:
    """(n, 384) float32, each row of unit length. Redacts first. Raises EmbedderUnavailable."""
    runner = get_embedder(embedder)
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return np.stack([runner.embed(redact(text).text, tokens=tokens, head=head) for text in texts])


def embed_query(
    text: str, *, embedder: str = DEFAULT_EMBEDDER, is_redacted: bool = False, uncut: bool = False
) -> Vectors:
    """(384,). Redacts first what is not. A long report costs what a short question costs: beginning and end are read.

    It opens with what it is about and ends with what went wrong; together they find as much as the whole text, which
    `uncut` reads, up to what a passage may have.
    """
    text = text if is_redacted else redact(text).text
    if uncut:
        return get_embedder(embedder).embed(text, tokens=PASSAGE_TOKENS)
    return get_embedder(embedder).embed(_ends(text), tokens=QUERY_TOKENS, head=QUERY_HEAD)


def _ends(text: str) -> str:
    """The part of a long text in which its first and last word pieces lie: to cut up all of a log takes longer."""
    if len(text) <= 2 * LONGEST_END:
        return text
    return f"{text[:LONGEST_END].rpartition(' ')[0]} {text[-LONGEST_END:].partition(' ')[2]}"
