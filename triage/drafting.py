"""Composes a reply from one article: what is going on, why, and what to do, every sentence taken from it whole.

Pure. Steps keep their order, commands their letters, and nothing is rephrased: what a sentence says is what the article
says at [start:end]. Sentences that only make sense where they stood are left out.
"""

import re
from collections.abc import Iterator, Sequence

from triage.facts import ArticleEvidence, Form, Kind, Sentence
from triage.nearness import Relevance
from triage.sections import Part, Role, parts_of, with_role
from triage.units import Unit, cut_units
from triage.wording import words_of

# A draft grows by whole parts up to these; one part alone may be longer, but no procedure is ever cut.
MAX_UNITS, MAX_CHARACTERS = 18, 2_400
MAX_UNITS_OF_ONE, MAX_CHARACTERS_OF_ONE = 30, 4_000
_MANY = 9  # prose sentences in a part beyond which the ones nearest to the request are chosen
_KEPT_PROSE = 6
_LEAD, _CAUSE, _SCOPE = 3, 2, 4
_INTRO_BONUS = 0.1
_SENTENCE_LENGTH = 60
_HEADING_WEIGHT, _STEPS_BONUS, _AS_NEAR = 0.5, 0.1, 0.06

_META = re.compile(
    r"^(?:in )?th(?:is|e following) (?:article|topic|page|guide|document|section)\b|^(?:note|disclaimer)\b\s*:?"
    r"|^for (?:more|further)|^(?:see|refer to|read)\b|\bjump (?:directly )?to\b"
    r"|\bin our (?:developer documentation|support knowledge base|user guide|knowledge base)\.?$",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"^(?:this|these|those|that|it|its|they|them|such|however|therefore|thus|also|then|so|otherwise|in this case"
    r"|as a result|instead|additionally|moreover|furthermore|for example|for instance|but|and|or|consequently|hence)\b",
    re.IGNORECASE,
)
_REPRODUCES = re.compile(r"steps to reproduce|prerequisites?\b|expected result|actual result|reproduc", re.IGNORECASE)
_POINTS_AT_PICTURE = re.compile(
    r"\b(?:screen ?shots?|(?:following|below|above) (?:image|figure|picture|diagram|table|video)|as shown)\b",
    re.IGNORECASE,
)
_POINTS_AROUND = re.compile(
    r"\b(?:listed|described|mentioned|explained|sections?|see) (?:below|above)\b", re.IGNORECASE
)
# Told to do something, or begun inside a quotation: not a description.
_ADDRESSES = re.compile(
    r"^(?:please|click|add|go|open|install|use|run|log in|observe|note|check|verify|make sure|ensure|select|set|create"
    r"|navigate|press|choose|enter|follow|where|how to|what to|find out|raise)\b|^[\"'“‘(]",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?][\"”’')]?$")
_NO_SENTENCE = re.compile(r"^[^\w]*$|^\w{1,2}$")


def compose(article: ArticleEvidence, relevance: Relevance) -> tuple[Sentence, ...]:
    """Return the quoted sentences of a reply, or none where the article has no part to answer from."""
    parts = _concerned(parts_of(article))
    answer = _answering(article, parts, relevance)
    body = _body(article, answer, relevance)
    if not _says_something(body):
        # What to do only leads elsewhere: then the introduction, which says what there is, and what it holds for.
        body = [
            *_body(article, with_role(parts, Role.INTRO), relevance),
            *_scope(article, with_role(parts, Role.SCOPE)),
        ]
        return tuple(_unique(body)) if _says_something(body) else ()
    before: list[Sentence] = []
    if not with_role(answer, Role.INTRO):
        before += _lead(article, parts, relevance)
    if with_role(answer, Role.SOLUTION):
        before += _first_sentences(article, with_role(parts, Role.CAUSE)[:1], _CAUSE)
        before += _scope(article, with_role(parts, Role.SCOPE)[:1])
    return tuple(_unique([*before, *body]))


def _says_something(sentences: Sequence[Sentence]) -> bool:
    """Tell whether there is a step, an item, a command, or a sentence that is one: not a title that lost its mark."""
    return any(
        sentence.form in (Form.STEP, Form.ITEM, Form.COMMAND)
        or (sentence.form is Form.SENTENCE and (_ENDS.search(sentence.text) or len(sentence.text) >= _SENTENCE_LENGTH))
        for sentence in sentences
    )


def leans_back(text: str) -> bool:
    """Tell whether a sentence only makes sense after the one before it: "This happens when …"."""
    return bool(_LEANS_BACK.match(text))


def _concerned(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Of an article about several issues, return the intro and what belongs to the issue nearest to the request."""
    starts = [index for index, part in enumerate(parts) if part.role is Role.ISSUE]
    followed = [
        (start, end)
        for start, end in zip(starts, [*starts[1:], len(parts)], strict=False)
        if with_role(parts[start:end], Role.SOLUTION)
    ]
    if len(followed) < 2:
        return parts
    start, end = max(followed, key=lambda span: max(part.similarity for part in parts[span[0] : span[1]]))
    return (*with_role(parts[:start], Role.INTRO, Role.SCOPE), *parts[start:end])


def _answering(article: ArticleEvidence, parts: tuple[Part, ...], relevance: Relevance) -> tuple[Part, ...]:
    """Return the parts that say what to do: the solution; of a fault, all that instructs; else what is nearest."""
    solution = with_role(parts, Role.SOLUTION)
    described = with_role(parts, Role.ISSUE, Role.CAUSE)
    if solution and (described or len(solution) <= 2):
        return solution
    bodies = solution or with_role(parts, Role.BODY)
    instructing = tuple(part for part in bodies if _instructs(_units(article, part)))
    if described and instructing:
        return instructing
    return _nearest(article, bodies + with_role(parts, Role.INTRO) or with_role(parts, Role.CAUSE), relevance)


def _instructs(units: tuple[Unit, ...]) -> bool:
    return any(unit.form in (Form.STEP, Form.COMMAND) for unit in units)


def _nearest(article: ArticleEvidence, candidates: tuple[Part, ...], relevance: Relevance) -> tuple[Part, ...]:
    """Return the part nearest to the request by text and heading, what stands below it, and a second one as near."""
    if not candidates:
        return ()
    headings = relevance([part.heading or "-" for part in candidates])
    near = {
        part: part.similarity
        + (_HEADING_WEIGHT * score if part.heading else 0.0)
        + (_STEPS_BONUS if any(unit.form is Form.STEP for unit in _units(article, part)) else 0.0)
        for part, score in zip(candidates, headings, strict=True)
    }
    best = max(candidates, key=lambda part: near[part])
    also = [part for part in candidates if part is not best and near[part] >= near[best] - _AS_NEAR]
    second = max(also, key=lambda part: near[part], default=best)
    return tuple(
        part
        for part in candidates
        if part in (best, second) or (best.path and part.path[: len(best.path)] == best.path)
    )


def _lead(article: ArticleEvidence, parts: tuple[Part, ...], relevance: Relevance) -> list[Sentence]:
    """Return what the article says this is about: its introduction, or the sentence nearest to the request."""
    intro = [(part, unit) for part in with_role(parts, Role.INTRO) for unit in _describing(_units(article, part))]
    issue = [(part, unit) for part in with_role(parts, Role.ISSUE) for unit in _describing(_units(article, part))]
    found = [*intro, *issue]
    if not found:
        return []
    scores = relevance([unit.text for _part, unit in found])
    # An introduction also says what the article has to offer: a patch, a version.
    weighed = [score + (_INTRO_BONUS if index < len(intro) else 0.0) for index, score in enumerate(scores)]
    best = max(range(len(found)), key=lambda index: weighed[index])
    # Within an introduction one begins at its beginning, where the nearest sentence is not far from it.
    part, unit = found[0 if best < min(len(intro), _LEAD) else best]
    added = [
        other
        for other in _units(article, part)
        if best < len(intro) and other.start > unit.start and other.form is Form.SENTENCE
        if not (_META.search(other.text) or _POINTS_AT_PICTURE.search(other.text) or not _ENDS.search(other.text))
    ]
    return [_quoted(article, part, said) for said in (unit, *added[: _LEAD - 1])]


def _describing(units: tuple[Unit, ...]) -> Iterator[Unit]:
    """Yield the sentences that say what is going on: those before any steps that lead to it."""
    for unit in units:
        if unit.form is not Form.SENTENCE or _REPRODUCES.search(unit.text):
            return
        if _stands_alone(unit) and _ENDS.search(unit.text):
            yield unit


def _scope(article: ArticleEvidence, parts: tuple[Part, ...]) -> list[Sentence]:
    """Return what the article holds for, where it says so in a few words; a rep checks it against the request."""
    kept: list[Sentence] = []
    for part in parts:
        units = [unit for unit in _units(article, part) if not _META.search(unit.text)]
        if 0 < len(units) <= _SCOPE:
            heading = _heading(article, part)
            kept += [heading] if heading else []
            kept += [_quoted(article, part, unit) for unit in units]
    return kept


def _first_sentences(article: ArticleEvidence, parts: tuple[Part, ...], count: int) -> list[Sentence]:
    kept: list[Sentence] = []
    for part in parts:
        for unit in _units(article, part):
            if unit.form is not Form.SENTENCE or unit.text.endswith(":") or len(kept) == count:
                break
            if _META.search(unit.text) or (not kept and _LEANS_BACK.match(unit.text)):
                continue
            kept.append(_quoted(article, part, unit))
    return kept


def _body(article: ArticleEvidence, answer: tuple[Part, ...], relevance: Relevance) -> list[Sentence]:
    """Return the answering parts, whole, as many as fit. A procedure is never cut: what does not fit is left out."""
    kept: list[Sentence] = []
    for part in answer:
        said = [_quoted(article, part, unit) for unit in _fitting(_units(article, part), relevance, part.role)]
        if said and len(answer) > 1 and not part.says_only_its_role and (heading := _heading(article, part)):
            said = [heading, *said]
        most_units, most_characters = (MAX_UNITS, MAX_CHARACTERS) if kept else (MAX_UNITS_OF_ONE, MAX_CHARACTERS_OF_ONE)
        together = [*kept, *said]
        if len(together) > most_units or sum(len(sentence.text) for sentence in together) > most_characters:
            break
        kept = together
    return _without_loose_ends(kept)


def _units(article: ArticleEvidence, part: Part) -> tuple[Unit, ...]:
    return cut_units(article.text, part.start, part.end)


def _stands_alone(unit: Unit) -> bool:
    return not (
        _META.search(unit.text)
        or _LEANS_BACK.match(unit.text)
        or _POINTS_AT_PICTURE.search(unit.text)
        or _ADDRESSES.match(unit.text)
        or _POINTS_AROUND.search(unit.text)
        or len(unit.text) < 20
    )


def _fitting(units: tuple[Unit, ...], relevance: Relevance, role: Role) -> tuple[Unit, ...]:
    """Return the units worth saying: every step, item and command; of much prose, what is nearest to the request."""
    chosen = _chosen(units, relevance, role)
    kept: list[Unit] = []
    announcer_lost = False  # the list that follows would hang in the air
    for index, unit in enumerate(units):
        is_prose = unit.form is Form.SENTENCE
        lost = unit not in chosen or bool(_NO_SENTENCE.match(unit.text))
        lost |= is_prose and bool(_META.search(unit.text) or _POINTS_AT_PICTURE.search(unit.text))
        lost |= is_prose and bool(_LEANS_BACK.match(unit.text)) and not (kept and units[index - 1] is kept[-1])
        lost |= unit.form is Form.ITEM and announcer_lost
        if is_prose:
            announcer_lost = lost and unit.text.endswith(":")
        if not lost:
            kept.append(unit)
    return tuple(kept)


def _chosen(units: tuple[Unit, ...], relevance: Relevance, role: Role) -> set[Unit]:
    """Return all units of a short part; of a long one what is nearest to the request: in one piece, or all steps."""
    prose = [unit for unit in units if unit.form is Form.SENTENCE and not unit.text.endswith(":")]
    if len(prose) <= _MANY:
        return set(units)
    scores = dict(zip(prose, relevance([unit.text for unit in prose]), strict=True))
    if role is Role.SOLUTION or _instructs(units):
        best = set(sorted(prose, key=lambda unit: -scores[unit])[:_KEPT_PROSE])
        return set(units) - (set(prose) - best)
    pieces = [units[at : at + _KEPT_PROSE] for at in _openings(units)]
    return set(max(pieces, key=lambda piece: sum(scores.get(unit, 0.0) for unit in piece)))


def _openings(units: Sequence[Unit]) -> list[int]:
    """Return where a piece of a text may begin: with a paragraph, for in its middle one answers what nobody asked."""
    begun = [at for at, unit in enumerate(units) if at == 0 or unit.block != units[at - 1].block]
    whole = [at for at in begun if at + _KEPT_PROSE <= len(units)]
    return whole or [0]


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
        key = " ".join(words_of(sentence.text))
        if key not in seen or sentence.form is Form.COMMAND:
            kept.append(sentence)
        seen.add(key)
    return kept
