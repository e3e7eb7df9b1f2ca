"""Index many articles at once, and tell how far that is and how fast beside the embedder alone.

While one thread waits for the database another embeds, so the embedder is what sets the pace.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue

from django.db import connection

from kb.models import Generation
from kb.retrieval.embedder import Vectors, embed_texts
from kb.retrieval.indexing import IndexOutcome, index_articles

JOBS = 2
"""More compute nothing on two cores: one thread embeds, and the embedder is most of the work."""
BATCH = 8
"""Articles in a transaction: enough to share what each costs, and too few for an editor to wait for."""
SAMPLE = 160
SHARE_OF_SAMPLE = 8
FEWEST_SAMPLED = 48
"""Texts that are embedded again at the end, with nothing else to do, to see what the embedder can: of a long run every
eighth at most, of a short one no fewer than these."""


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
        kept = [(text, embedder) for embedder, texts in self._sample.items() for text in texts]
        if not kept:
            return 0.0
        texts = kept[:: max(1, len(kept) // max(FEWEST_SAMPLED, self.embedded // SHARE_OF_SAMPLE))]
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

    def index(self, article_ids: Sequence[int], *, jobs: int, into: Generation | None = None) -> Iterator[IndexOutcome]:
        """What became of each, as they come. A caller that stops waits only for those in hand."""
        todo = deque(_batches(article_ids, jobs))
        told: SimpleQueue[Iterable[IndexOutcome] | None] = SimpleQueue()
        with ThreadPoolExecutor(jobs, thread_name_prefix="index") as pool:
            workers = [pool.submit(self._work, todo, told, into) for _ in range(jobs)]
            try:
                for outcomes in chain.from_iterable(iter(told.get, None) for _ in workers):
                    for outcome in outcomes:
                        self.done += 1
                        self.outcomes[outcome.value] += 1
                        yield outcome
                for worker in workers:
                    worker.result()
            finally:
                todo.clear()

    def _work(
        self, todo: deque[Sequence[int]], told: "SimpleQueue[Iterable[IndexOutcome] | None]", into: Generation | None
    ) -> None:
        """In a thread, whose connection nobody else would close: to open one costs as much as to index an article."""
        try:
            while batch := _next(todo):
                told.put(index_articles(batch, into=into, embed=self.meter).values())
        except BaseException:
            todo.clear()  # the others end with what they have in hand
            raise
        finally:
            told.put(None)
            connection.close()

    def end(self) -> float:
        """Stop the clock; the share of the processor's time in this process that the embedder had, 0..1."""
        self._ended = time.perf_counter()
        return self.meter.processor_seconds / max(time.process_time() - self._processor_started, 0.001)

    def __str__(self) -> str:
        left = self.seconds / self.done * (self.articles - self.done) if self.done else 0.0
        told = f"{self.done} of {self.articles} articles, {self.embedded} passages embedded, {self.rate:.1f} a second"
        return f"{told}, about {left:.0f} s left" if self.done < self.articles else told


def _batches(article_ids: Sequence[int], jobs: int) -> Iterator[Sequence[int]]:
    """Smaller ones towards the end, so that no thread works on alone for long."""
    first = 0
    while left := len(article_ids) - first:
        size = min(BATCH, max(1, left // (2 * jobs)))
        yield article_ids[first : first + size]
        first += size


def _next(todo: deque[Sequence[int]]) -> Sequence[int]:
    try:
        return todo.popleft()
    except IndexError:
        return ()
