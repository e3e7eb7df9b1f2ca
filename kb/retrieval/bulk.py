"""Index many articles at once, and tell how far that is and how fast beside the embedder alone.

While one thread waits for the database another embeds, so the embedder is what sets the pace.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from django.db import connection

from kb.models import Generation
from kb.retrieval.embedder import Vectors, embed_texts
from kb.retrieval.indexing import IndexOutcome, index_article

JOBS = 2
"""More compute nothing on two cores: one thread embeds, and the embedder is most of the work."""
SAMPLE = 48
"""Texts that are embedded again at the end, with nothing else to do, to see what the embedder can."""


class Meter:
    """The embedder, with the processor's time that it takes, and some of what it was given, spread over the run."""

    def __init__(self) -> None:
        self.embedded = 0
        self.processor_seconds = 0.0
        self._lock = threading.Lock()
        self._sample: dict[str, list[str]] = {}
        self._every = 1

    def __call__(self, texts: Sequence[str], *, embedder: str) -> Vectors:
        started = time.thread_time()
        vectors = embed_texts(texts, embedder=embedder)
        with self._lock:
            self.processor_seconds += time.thread_time() - started
            for text in texts:
                self._keep(text, embedder)
                self.embedded += 1
        return vectors

    def _keep(self, text: str, embedder: str) -> None:
        """Every nth text, and every second of those whenever they are too many."""
        if self.embedded % self._every == 0:
            kept = self._sample.setdefault(embedder, [])
            kept.append(text)
            if len(kept) == 2 * SAMPLE:
                self._sample[embedder] = kept[::2]
                self._every *= 2

    def alone(self, jobs: int) -> float:
        """Texts a second that the embedder does by itself, by as many threads, over the sample."""
        texts = [(text, embedder) for embedder, kept in self._sample.items() for text in kept]
        if not texts:
            return 0.0
        started = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda one: embed_texts([one[0]], embedder=one[1]), texts))
        return len(texts) / (time.perf_counter() - started)


class Run:
    """How far the run is, and how fast: articles done of all, and the passages that were embedded for them."""

    def __init__(self, articles: int) -> None:
        self.articles = articles
        self.done = 0
        self.outcomes: Counter[str] = Counter()
        self.meter = Meter()
        self._started = time.perf_counter()
        self._processor_started = time.process_time()
        self._ended: float | None = None

    @property
    def seconds(self) -> float:
        return (self._ended or time.perf_counter()) - self._started

    @property
    def embedded(self) -> int:
        return self.meter.embedded

    @property
    def rate(self) -> float:
        """Passages embedded a second, all else that indexing does included."""
        return self.embedded / max(self.seconds, 0.001)

    def index(self, article_ids: Iterable[int], *, jobs: int, into: Generation | None = None) -> Iterator[IndexOutcome]:
        """What became of each, as they come. A caller that stops waits only for those in hand."""
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="index")
        try:
            for future in as_completed([pool.submit(self._index_alone, pk, into) for pk in article_ids]):
                outcome = future.result()
                self.done += 1
                self.outcomes[outcome.value] += 1
                yield outcome
        finally:
            pool.shutdown(cancel_futures=True)

    def _index_alone(self, article_id: int, into: Generation | None) -> IndexOutcome:
        """In a thread, whose connection nobody else would close."""
        try:
            return index_article(article_id, into=into, embed=self.meter)
        finally:
            connection.close()

    def end(self) -> float:
        """Stop the clock; the share of the processor's time in this process that the embedder had, 0..1."""
        self._ended = time.perf_counter()
        return self.meter.processor_seconds / max(time.process_time() - self._processor_started, 0.001)

    def __str__(self) -> str:
        left = self.seconds / self.done * (self.articles - self.done) if self.done else 0.0
        told = f"{self.done} of {self.articles} articles, {self.embedded} passages embedded, {self.rate:.1f} a second"
        return f"{told}, about {left:.0f} s left" if self.done < self.articles else told
