"""Reads labelled data sets into frozen rows. Invariant: labels are read here and used to score, never to decide.

The split is by a hash of the item's id, so anything tuned on one half can be shown with the figures of the other.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class DatasetError(Exception):
    """The folder or file is not what the command expects; the message is for people."""


class QueryKind(StrEnum):
    ANSWERABLE = "answerable"
    FOREIGN = "foreign"  # from another world: silence is right
    WITHHELD = "withheld"  # at home, but its article was taken out: silence is right, and hard


@dataclass(frozen=True)
class Document:
    document_id: str
    title: str
    text: str


@dataclass(frozen=True)
class Query:
    query_id: str
    text: str
    kind: QueryKind
    relevant: Mapping[str, float]

    @property
    def half(self) -> int:
        return half_of(self.query_id)


@dataclass(frozen=True)
class SearchSet:
    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]
    digest: str

    def of_kind(self, kind: QueryKind) -> tuple[Query, ...]:
        return tuple(query for query in self.queries if query.kind is kind)


@dataclass(frozen=True)
class SpanExample:
    """A text and the true personal data in it: (start, end, kind)."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


def half_of(item_id: str) -> int:
    """0 or 1, from the id alone."""
    return int(hashlib.sha256(item_id.encode()).hexdigest(), 16) % 2


def read_lines(path: Path) -> Iterator[dict[str, object]]:
    if not path.is_file():
        raise DatasetError(f"{path.name} is not in {path.parent}.")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DatasetError(f"{path.name}, line {number}, is not JSON.") from error
            if not isinstance(row, dict):
                raise DatasetError(f"{path.name}, line {number}, is not an object.")
            yield row


def read_qrels(path: Path) -> dict[str, dict[str, float]]:
    if not path.is_file():
        raise DatasetError(f"{path.name} is not in {path.parent}.")
    qrels: dict[str, dict[str, float]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        cells = line.split("\t")
        if number == 1 and cells[-1] == "score":
            continue
        if len(cells) != 3:
            raise DatasetError(f"{path.name}, line {number}, has not three columns.")
        if float(cells[2]) > 0:
            qrels.setdefault(cells[0], {})[cells[1]] = float(cells[2])
    return qrels


def read_search_set(directory: Path) -> SearchSet:
    """BEIR layout. A query without a relevant document has no answer: `withheld-*` at home, every other one foreign."""
    documents = tuple(
        Document(str(row["_id"]), str(row.get("title", "")), str(row.get("text", "")))
        for row in read_lines(directory / "corpus.jsonl")
    )
    qrels = read_qrels(directory / "qrels" / "test.tsv")
    queries = tuple(
        Query(query_id, str(row["text"]), _kind(query_id, qrels), qrels.get(query_id, {}))
        for row in read_lines(directory / "queries.jsonl")
        for query_id in [str(row["_id"])]
    )
    if not documents or not queries:
        raise DatasetError(f"{directory.name} holds no documents or no queries.")
    return SearchSet(directory.name, documents, queries, _digest(directory))


def _kind(query_id: str, qrels: Mapping[str, Mapping[str, float]]) -> QueryKind:
    if query_id in qrels:
        return QueryKind.ANSWERABLE
    return QueryKind.WITHHELD if query_id.startswith("withheld-") else QueryKind.FOREIGN


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        digest.update((directory / name).read_bytes())
    return digest.hexdigest()


def read_spans(path: Path) -> tuple[SpanExample, ...]:
    """`{"text": …, "spans": [[start, end, kind], …]}`, one a line."""
    examples = []
    for row in read_lines(path):
        spans = row.get("spans", [])
        if not isinstance(spans, list):
            raise DatasetError(f"{path.name}: spans must be a list.")
        examples.append(SpanExample(str(row["text"]), tuple((int(s), int(e), str(k)) for s, e, k in spans)))
    if not examples:
        raise DatasetError(f"{path.name} is empty.")
    return tuple(examples)
