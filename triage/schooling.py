"""The classifier of a worker: learnt once, and again when people have filed enough that it could say something else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from kb.retrieval.embedder import QUERY_TOKENS, embed_texts
from triage.facts import CategoryOption
from triage.learning import Described, Examples, Learnt, Matrix, learn
from triage.lessons import Lessons, lessons, read_examples

AT_ONCE = 800
"""Examples learnt from within a worker: 0.7 seconds of short texts, 1.4 of long ones."""
_RENEWED_AFTER = 0.02

ReadExamples = Callable[..., Examples]


@dataclass(frozen=True)
class School:
    """What was learnt of which categories, in the order of its places, from what, and when."""

    categories: tuple[CategoryOption, ...]
    learnt: Learnt
    lessons: Lessons
    learnt_on: date


class Teacher:
    """Keeps one school. It is made anew when categories change, an example is withdrawn, or a fiftieth came anew."""

    def __init__(self) -> None:
        self._school: School | None = None

    def __call__(self, categories: tuple[CategoryOption, ...]) -> School:
        """Return what is known of these categories now. Raises EmbedderUnavailable."""
        standing, school = lessons(), self._school
        if school is None or school.categories != categories or is_over(school.lessons, standing):
            examples = read_examples([option.slug for option in categories], limit=AT_ONCE)
            learnt = learn(described_by(categories), examples)
            school = self._school = School(categories, learnt, standing, timezone.localdate())
        return school


def described_by(categories: tuple[CategoryOption, ...]) -> Described:
    texts = tuple(option.described for option in categories)
    return Described(texts, vectors_of(texts))


def vectors_of(texts: tuple[str, ...]) -> Matrix:
    """What is compared: (n, 384), of unit length, of the beginning of each text. Raises EmbedderUnavailable."""
    return embed_texts(texts, tokens=QUERY_TOKENS)


def is_over(then: Lessons, now: Lessons) -> bool:
    """Whether what was learnt then is to be learnt again."""
    if then == now:
        return False
    return now.count <= then.count or now.count - then.count >= _RENEWED_AFTER * then.count
