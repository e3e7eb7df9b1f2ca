"""`bench suggestions`: how long a whole request for suggestions takes, beside the floor that no code of ours can beat.

The floor is one embedding and one probe of the vector index, for the same questions in the same run.
"""

import http.client
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection, transaction
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.urls import reverse
from pgvector import HalfVector

from agents import bench_library, bench_vectors
from agents.bench_library import Writer, texts_of, write_library
from agents.bench_server import Running, running_server
from kb.models import Passage
from kb.retrieval.embedder import embed_query
from kb.retrieval.legs import EF_SEARCH
from kb.retrieval.query import read_question
from kb.retrieval.statements import VECTOR_CANDIDATES
from kb.search import find
from triage.evaluation.knowledge import kept_site
from triage.evaluation.metrics import percentile
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import with_progress

REQUESTS_PER_CLIENT = 200
WARM_UP = 60
REPORTS = 60
SUBJECT_CHARACTERS = 50
PROBED = 10
# The portal limits what one address may ask a minute; a measurement comes from several, as a site's visitors do.
REQUESTS_PER_ADDRESS = 100
_visitors = itertools.count()
READER = frozenset({"public"})


@dataclass(frozen=True)
class Load:
    milliseconds: list[float]
    seconds: float


class Client:
    """One browser: it keeps its connection and sends the form as the page's script does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sent = 0
        self._connection: http.client.HTTPConnection | None = None
        self._path = reverse("portal:suggestions")
        secret = "b" * CSRF_SECRET_LENGTH
        self._headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.CSRF_COOKIE_NAME}={secret}",
            "X-CSRFToken": secret,
            "Host": "localhost",
        }

    def ask(self, question: str) -> float:
        """Milliseconds from sending to the last byte. Raises RuntimeError for anything but a page."""
        if self._sent % REQUESTS_PER_ADDRESS == 0:
            self._connect()
        self._sent += 1
        if self._connection is None:
            raise RuntimeError("not connected")
        subject, message = _typed(question)
        body = urlencode({"subject": subject, "message": message})
        started = time.perf_counter()
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        response.read()
        passed = (time.perf_counter() - started) * 1000
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(f"the suggestions answered {response.status}")
        return passed

    def _connect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        number = next(_visitors)
        address = f"127.1.{number // 250 % 250}.{number % 250 + 1}"
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60, source_address=(address, 0))


def _typed(question: str) -> tuple[str, str]:
    """The subject is typed first, a question that is longer goes on in the message; together they are the question."""
    cut = question.find(" ", SUBJECT_CHARACTERS)
    return (question, "") if cut < 0 else (question[:cut], question[cut + 1 :])


def measure(server: Running, questions: Sequence[str], clients: int) -> Load:
    """Each client asks its share of the questions, one after the other, all clients at once."""
    shares = [questions[number::clients] for number in range(clients)]
    results: list[list[float]] = [[] for _ in shares]
    failures: list[Exception] = []

    def work(number: int) -> None:
        client = Client(server.port)
        try:
            results[number] += [client.ask(question) for question in shares[number]]
        except (RuntimeError, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Load([passed for result in results for passed in result], time.perf_counter() - started)


def floor_milliseconds(questions: Sequence[str]) -> list[float]:
    """An embedding and an index probe each, and nothing else."""
    times = []
    for question in with_progress(questions, "floor"):
        text = read_question(question).text
        started = time.perf_counter()
        vector = HalfVector(embed_query(text)).to_text()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT passage_id FROM kb_passagevector WHERE side = 0 AND is_public"
                " ORDER BY vector <=> %s::halfvec LIMIT %s",
                [vector, VECTOR_CANDIDATES],
            )
            cursor.fetchall()
        times.append((time.perf_counter() - started) * 1000)
    return times


def stage_milliseconds(questions: Sequence[str]) -> Figures:
    stages: dict[str, list[float]] = {}
    for question in with_progress(questions, "stages"):
        for stage, passed in find(question, audiences=READER).timings.items():
            stages.setdefault(stage, []).append(passed)
    return {stage: {"p50_ms": percentile(times, 0.5)} for stage, times in stages.items()}


def bench_suggestions(passages: int, clients: int, workers: int) -> Report:
    kept = [str(passages), Path(bench_library.__file__).read_text(), str(bench_library.EMBEDDED)]
    with kept_site(f"{passages} passages", kept, lambda: write_library(passages), also=("web",)) as database:
        writer = Writer()
        typed = [writer.question(text) for text in texts_of(REQUESTS_PER_CLIENT * clients)]
        reports = [writer.report(text) for text in texts_of(REPORTS)]
        with running_server(database, workers=workers) as server:
            measure(server, [writer.question(text) for text in texts_of(WARM_UP * clients * workers)], clients)
            measure(server, [writer.report(text) for text in texts_of(WARM_UP)], 1)
            load = measure(server, typed, clients)
            long = measure(server, reports, 1)
            resident = server.resident_megabytes()
        few = typed[:REQUESTS_PER_CLIENT]
        stage_milliseconds(few[:WARM_UP])
        stages = stage_milliseconds(few)
        floor = floor_milliseconds(few)
        counted = Passage.objects.count()
        found = sum(bool(find(question, audiences=READER).hits) for question in few) / len(few)
        recall = probe_recall()
    figures: Figures = {
        "passages": counted,
        "clients": clients,
        "workers": workers,
        "requests": len(load.milliseconds),
        "p50_ms": percentile(load.milliseconds, 0.5),
        "p95_ms": percentile(load.milliseconds, 0.95),
        "rps": len(load.milliseconds) / load.seconds,
        "reports": {"p50_ms": percentile(long.milliseconds, 0.5), "p95_ms": percentile(long.milliseconds, 0.95)},
        "floor_p50_ms": percentile(floor, 0.5),
        "floor_p95_ms": percentile(floor, 0.95),
        "stages": stages,
        "found": found,
        "probe_recall@10": recall,
        "rss_mb": resident,
    }
    embedded = min(bench_library.EMBEDDED, passages)
    notes = (
        "whole HTTP requests through gunicorn as the role of the web; questions of 4 to 14 words, as people type them",
        f"reports: {bench_library.REPORT_CHARACTERS} characters with a pasted log, from one client",
        f"generated texts, on which no quality is claimed; {embedded} vectors are their own",
        "the other vectors are real passages' plus noise in the directions in which these differ",
        "recall is of the questions of the demo's requests",
    )
    return Report("suggestions", figures, notes)


def probe_recall() -> float:
    """How many of the ten passages nearest to a real question, by reading all, the probe of the index finds too."""
    vectors = [HalfVector(vector).to_text() for vector in bench_vectors.question_vectors()]
    found = [
        len(set(_nearest(vector, index=True)) & set(_nearest(vector, index=False))) / PROBED
        for vector in with_progress(vectors, "recall")
    ]
    return sum(found) / len(found)


def _nearest(vector: str, *, index: bool) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(EF_SEARCH)])
        cursor.execute("SELECT set_config(%s, 'off', true)", ["enable_seqscan" if index else "enable_indexscan"])
        cursor.execute(
            "SELECT passage_id FROM kb_passagevector WHERE side = 0 AND is_public"
            " ORDER BY vector <=> %s::halfvec LIMIT %s",
            [vector, PROBED],
        )
        return [int(row[0]) for row in cursor.fetchall()]
