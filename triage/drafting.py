"""Composes a reply from one article: what is going on, why, and what to do, every sentence taken from it whole.

Pure. Steps keep their order, commands their letters, and nothing is rephrased: what a sentence says is what the article
says at [start:end]. Sentences that only make sense where they stood are left out.
"""

import re
from collections.abc import Callable, Sequence

from triage.facts import ArticleEvidence, Form, Kind, Sentence
from triage.sections import Part, Role, parts_of, with_role
from triage.units import Unit, cut_units

MAX_UNITS = 16
MAX_CHARACTERS = 2_400
_MANY = 9  # prose sentences in a part beyond which the ones nearest to the request are chosen
_KEPT_PROSE = 6

Relevance = Callable[[Sequence[str]], Sequence[float]]

_META = re.compile(
    r"^(?:in )?th(?:is|e following) (?:article|topic|page|guide|document|section)\b|^(?:note|disclaimer)\b\s*:?"
    r"|^for (?:more|further)|^(?:see|refer to|read)\b"
    r"|\bin our (?:developer documentation|support knowledge base|user guide|knowledge base)\.?$",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"^(?:this|these|those|that|it|its|they|them|such|however|therefore|thus|also|then|so|otherwise|in this case"
    r"|as a result|instead|additionally|moreover|furthermore|for example|for instance|but|and|or|consequently|hence)\b",
    re.IGNORECASE,
)
_POINTS_AT_PICTURE = re.compile(
    r"\b(?:screen ?shots?|(?:following|below|above) (?:image|figure|picture|diagram|table|video)|as shown)\b",
    re.IGNORECASE,
)
_NO_SENTENCE = re.compile(r"^[^\w]*$|^\w{1,2}$")


def compose(article: ArticleEvidence, relevance: Relevance) -> tuple[Sentence, ...]:
    """Return the quoted sentences of a reply, or none where the article has no part to answer from."""
    parts = parts_of(article)
    answer = _answering(parts)
    if not answer:
        return ()
    lead = _lead(article, parts, relevance) if answer[0].role is Role.SOLUTION else ()
    cause = _first_sentences(article, with_role(parts, Role.CAUSE)[:1], 2) if lead is not None else ()
    body = _body(article, answer, relevance)
    if not any(sentence.form is not Form.HEADING for sentence in body):
        return ()
    sentences = [*(lead or ()), *cause, *body]
    return tuple(_unique(sentences))


def _answering(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts that say what to do; without any, the one part nearest to the request."""
    solution = with_role(parts, Role.SOLUTION)
    described = with_role(parts, Role.ISSUE, Role.CAUSE)
    if solution and (described or len(solution) <= 2):
        return solution
    candidates = solution or with_role(parts, Role.BODY) or with_role(parts, Role.INTRO, Role.CAUSE)
    if not candidates:
        return ()
    best = max(candidates, key=lambda part: part.similarity)
    # The parts below the best one's heading continue it.
    return tuple(
        part for part in candidates if part is best or (best.path and part.path[: len(best.path)] == best.path)
    )


def _lead(article: ArticleEvidence, parts: tuple[Part, ...], relevance: Relevance) -> tuple[Sentence, ...]:
    """Return the sentence that says what this is about, nearest to the request, if one stands on its own."""
    found: list[tuple[Part, Unit]] = []
    for part in with_role(parts, Role.INTRO, Role.ISSUE):
        if "reproduce" in part.heading.lower():
            continue
        prose = [unit for unit in _units(article, part)[:6] if unit.form is Form.SENTENCE and _stands_alone(unit)]
        found += [(part, unit) for unit in prose if not unit.text.rstrip().endswith(":")]
    if not found:
        return ()
    scores = relevance([unit.text for _part, unit in found])
    part, unit = found[max(range(len(found)), key=lambda index: scores[index])]
    return (_quoted(article, part, unit),)


def _first_sentences(article: ArticleEvidence, parts: tuple[Part, ...], count: int) -> tuple[Sentence, ...]:
    kept: list[Sentence] = []
    for part in parts:
        for unit in _units(article, part):
            if unit.form is not Form.SENTENCE or unit.text.endswith(":") or len(kept) == count:
                break
            if _META.search(unit.text) or (not kept and _LEANS_BACK.match(unit.text)):
                continue
            kept.append(_quoted(article, part, unit))
    return tuple(kept)


def _body(article: ArticleEvidence, answer: tuple[Part, ...], relevance: Relevance) -> list[Sentence]:
    kept: list[Sentence] = []
    characters = 0
    for part in answer:
        units = _fitting(_units(article, part), relevance)
        headed = len(answer) > 1 and bool(units) and _heading(article, part)
        for unit in units:
            if len(kept) >= MAX_UNITS or characters + len(unit.text) > MAX_CHARACTERS:
                return _without_loose_ends(kept)
            if headed:
                kept.append(headed)
                headed = None
            kept.append(_quoted(article, part, unit))
            characters += len(unit.text)
    return _without_loose_ends(kept)


def _units(article: ArticleEvidence, part: Part) -> tuple[Unit, ...]:
    return cut_units(article.text, part.start, part.end)


def _stands_alone(unit: Unit) -> bool:
    return not (
        _META.search(unit.text)
        or _LEANS_BACK.match(unit.text)
        or _POINTS_AT_PICTURE.search(unit.text)
        or len(unit.text) < 20
    )


def _fitting(units: tuple[Unit, ...], relevance: Relevance) -> tuple[Unit, ...]:
    """Return the units worth saying: every step, item and command; of much prose, what is nearest to the request."""
    prose = [unit for unit in units if unit.form is Form.SENTENCE and not unit.text.endswith(":")]
    chosen = set(units)
    if len(prose) > _MANY:
        scores = dict(zip(prose, relevance([unit.text for unit in prose]), strict=True))
        best = set(sorted(prose, key=lambda unit: -scores[unit])[:_KEPT_PROSE])
        chosen -= set(prose) - best
    kept: list[Unit] = []
    for index, unit in enumerate(units):
        if unit not in chosen or _NO_SENTENCE.match(unit.text):
            continue
        if unit.form is Form.SENTENCE and (_META.search(unit.text) or _POINTS_AT_PICTURE.search(unit.text)):
            continue
        if _LEANS_BACK.match(unit.text) and unit.form is Form.SENTENCE and not (kept and units[index - 1] is kept[-1]):
            continue
        kept.append(unit)
    return tuple(kept)


def _without_loose_ends(sentences: list[Sentence]) -> list[Sentence]:
    """Drop an announcement that nothing follows any more ("Run this command:") and a heading over nothing."""
    kept: list[Sentence] = []
    for sentence in reversed(sentences):
        announces = sentence.text.rstrip().endswith(":") and sentence.form is not Form.COMMAND
        follower = kept[-1].form if kept else None
        if sentence.form is Form.HEADING and follower in (None, Form.HEADING):
            continue
        if announces and follower in (None, Form.HEADING, Form.SENTENCE):
            continue
        kept.append(sentence)
    return kept[::-1]


def _heading(article: ArticleEvidence, part: Part) -> Sentence | None:
    """Return the part's own heading as a quotation, from where it stands just before the part."""
    start = (
        article.text.rfind(part.heading, max(0, part.start - len(part.heading) - 12), part.start)
        if part.heading
        else -1
    )
    if start < 0:
        return None
    unit = Unit(part.heading, start, start + len(part.heading), Form.HEADING, 0)
    return _quoted(article, part, unit)


def _quoted(article: ArticleEvidence, part: Part, unit: Unit) -> Sentence:
    return Sentence(
        text=unit.text,
        kind=Kind.QUOTED,
        form=unit.form,
        source_text_id=article.source_text_id,
        passage_id=part.passage_at(unit.start),
        heading=" › ".join(part.path)[:500],
        start=unit.start,
        end=unit.end,
        quote=unit.text,
        digest=article.digest,
    )


def _unique(sentences: Sequence[Sentence]) -> list[Sentence]:
    seen: set[str] = set()
    kept: list[Sentence] = []
    for sentence in sentences:
        key = " ".join(sentence.text.casefold().split())
        if key not in seen or sentence.form is Form.COMMAND:
            kept.append(sentence)
        seen.add(key)
    return kept
