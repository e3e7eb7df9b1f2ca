"""Whether the sentences of drafts are supported by what they cite: by their words, and by their meaning.

By words: the span stands in the cited document, and the sentence says it (`support`). By meaning: its embedding lies as
near to that span as a sentence's to itself with other small words. Both have to hold; no step of the pipeline is asked.
"""

from collections.abc import Sequence

from kb.retrieval.embedder import EmbedderUnavailable, embed_texts
from triage.evaluation import metrics
from triage.evaluation.datasets import SearchSet
from triage.evaluation.report import Figures
from triage.facts import Kind, Sentence
from triage.support import says_the_same

# Inflected and with small words more or less, a sentence stays above this; its neighbours in an article lie below.
NEAR = 0.8


def drafted_sentences(dataset: SearchSet, drafts: Sequence[tuple[Sequence[str], Sequence[Sentence]]]) -> Figures:
    """Of all sourced sentences of the drafts (each with the documents that it cites), the shares that are supported."""
    texts = {document.document_id: _plain(f"{document.title} {document.text}") for document in dataset.documents}
    said = [(sentence, [texts[name] for name in cited]) for cited, sentences in drafts for sentence in sentences]
    by_words = [is_said(sentence, documents) for sentence, documents in said]
    by_meaning = is_meant([sentence for sentence, _documents in said])
    both = [words and meant for words, meant in zip(by_words, by_meaning, strict=True)]
    return {
        "supported_sentences": _share(both),
        "sentences": {"checked": len(said), "by_words": _share(by_words), "by_meaning": _share(by_meaning)},
    }


def is_said(sentence: Sentence, documents: Sequence[str]) -> bool:
    """Tell whether the cited span stands in one of the documents, and the sentence says what it says."""
    if not any(_plain(sentence.quote) in document for document in documents):
        return False
    if sentence.kind is Kind.WORDED:
        return says_the_same(sentence.text, sentence.quote, sentence.form)
    return _plain(sentence.text) == _plain(sentence.quote)


def is_meant(sentences: Sequence[Sentence]) -> list[bool]:
    """Tell of each whether its meaning is its span's; without an embedder only of what is the span itself."""
    same = [_plain(sentence.text) == _plain(sentence.quote) for sentence in sentences]
    others = [sentence for sentence, is_same in zip(sentences, same, strict=True) if not is_same]
    try:
        one, two = embed_texts([s.text for s in others]), embed_texts([s.quote for s in others])
    except EmbedderUnavailable:
        return same
    near = iter((one * two).sum(axis=1) >= NEAR)
    return [is_same or bool(next(near)) for is_same in same]


def _share(checked: Sequence[bool]) -> float | None:
    return metrics.mean([float(holds) for holds in checked]) if checked else None


def _plain(text: str) -> str:
    return " ".join(text.split())
