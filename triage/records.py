"""The record of a run as plain JSON: what every step put out. What customers wrote is in it only redacted."""

from kb.redaction import redact
from triage.facts import Drafted, Evidence, FileReading, Kind
from triage.outcome import Outcome

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


def outputs_of(outcome: Outcome) -> dict[str, Json]:
    """Return a JSON object per step, in the pipeline's order."""
    category = outcome.category
    return {
        "screen": {
            "verdict": str(outcome.screening.verdict),
            "reasons": list(outcome.screening.reasons),
            "duplicate_of": outcome.screening.duplicate_of,
        },
        "read_logs": [_reading(reading) for reading in outcome.readings],
        "classify": {"value": None, "unfiled": outcome.unfiled}
        if category is None
        else {
            "value": category.value,
            "confidence": category.confidence,
            "n": category.n,
            "reasons": [*category.reasons],
        },
        "prioritise": {
            "value": outcome.priority.value,
            "score": outcome.priority.score,
            "reasons": list(outcome.priority.reasons),
            "urgent": list(outcome.priority.urgent_reasons),
            "claims": {claim.code: claim.words for claim in outcome.priority.claims},
        },
        "retrieve": _evidence(outcome.evidence),
        "draft": _drafted(outcome.drafted),
        "reword": {
            "model": outcome.reworded.model,
            "not_worded": outcome.reworded.not_worded,
            "worded": sum(sentence.kind is Kind.WORDED for sentence in outcome.reworded.sentences),
        },
        "ground": {**_drafted(outcome.grounded), "dropped": outcome.dropped, "withheld": outcome.withheld},
        "advise": [{"kind": str(step.kind), "text": step.text} for step in outcome.steps],
        "warn": {
            "score": outcome.addressed.score,
            "signs": list(outcome.addressed.signs),
            "words": [redact(words).text for words in outcome.addressed.words] if outcome.addressed.is_suspect else [],
        },
    }


def _reading(reading: FileReading) -> dict[str, Json]:
    read = reading.reading
    return {
        "attachment": reading.attachment_id,
        "member": reading.member,
        "lines": read.lines,
        "findings": len(read.findings),
        "signatures": list(read.signatures),
        "first_stamp": read.first_stamp,
        "last_stamp": read.last_stamp,
        "versions": list(read.versions),
        "hosts": list(read.hosts),
        "encoding": read.encoding,
        "unread": str(read.unread) if read.unread else None,
        "cut": [str(cut) for cut in read.cut],
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {
        "query": redact(evidence.query).text,
        "degraded": evidence.degraded,
        "articles": [
            {
                "article": article.article_id,
                "source_text": article.source_text_id,
                "title": article.title,
                "url": article.url,
                "score": round(article.score, 4),
                "relevance": round(article.relevance, 4),
                "matched": list(article.matched),
            }
            for article in evidence.articles
        ],
    }


def _drafted(drafted: Drafted) -> dict[str, Json]:
    sourced = [sentence for sentence in drafted.sentences if sentence.is_sourced]
    return {
        "sentences": len(drafted.sentences),
        "quoted": [[sentence.source_text_id, sentence.start, sentence.end] for sentence in sourced],
        "no_draft_reason": str(drafted.no_draft_reason),
        "detail": drafted.detail,
    }
