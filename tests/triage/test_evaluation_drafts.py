"""What is counted of drafts: support by words and by meaning, and what every bar would draft and get wrong."""

from triage.evaluation.datasets import Document, Query, QueryKind, SearchSet
from triage.evaluation.drafts import Answer, curve
from triage.evaluation.entailment import drafted_sentences, is_meant, is_said
from triage.facts import Kind, Sentence

SPAN = "Restart the export queue after the change."
ARTICLE = Document("export", "Exports", f"Exports stop when it is full. {SPAN} Then wait.")
DATASET = SearchSet("one", (ARTICLE,), (), "d" * 64)


def _said(text: str, quote: str = SPAN, kind: Kind = Kind.QUOTED) -> Sentence:
    return Sentence(text, kind, source_text_id=1, quote=quote)


def test_a_sentence_is_supported_when_its_span_stands_there_and_says_so() -> None:
    documents = [f"{ARTICLE.title} {ARTICLE.text}"]
    assert is_said(_said(SPAN), documents)
    assert not is_said(_said("Restart the queue."), documents), "a quotation is the span, letter by letter"
    assert not is_said(_said("Delete it.", quote="Delete it."), documents), "no such span"
    worded = "Please restart your export queue after the change."
    assert is_said(_said(worded, kind=Kind.WORDED), documents)
    assert not is_said(_said("Do not restart the export queue after the change.", kind=Kind.WORDED), documents)


def test_meaning_is_compared_only_where_the_words_differ() -> None:
    worded = "Please restart your export queue after the change."
    far = "Our office party begins at noon."
    assert is_meant([_said(SPAN), _said(far, kind=Kind.WORDED), _said(worded, kind=Kind.WORDED)]) == [True, False, True]


def test_shares_are_of_sentences_and_none_of_nothing() -> None:
    figures = drafted_sentences(DATASET, [(("export",), (_said(SPAN), _said("Made up.", quote="Made up.")))])
    assert figures["supported_sentences"] == 0.5
    assert drafted_sentences(DATASET, [])["supported_sentences"] is None


def test_the_curve_counts_what_each_bar_lets_through() -> None:
    def asked(name: str, kind: QueryKind, right: str = "") -> Query:
        return Query(name, "text", kind, {right: 1.0} if right else {})

    def answered(nearest: str, sure: float) -> Answer:
        return Answer((), (), (), "", "", "", 1.0, nearest=nearest, sure=sure)

    queries = [
        asked("a", QueryKind.ANSWERABLE, "one"),
        asked("b", QueryKind.ANSWERABLE, "two"),
        asked("c", QueryKind.FOREIGN),
    ]
    answers = {"a": answered("one", 0.9), "b": answered("one", 0.6), "c": answered("one", 0.4)}
    rows = curve(queries, answers)
    assert (rows["0.30"]["drafted"], rows["0.30"]["wrong_confident"], rows["0.30"]["foreign_drafted"]) == (1, 0.5, 1)
    assert (rows["0.70"]["drafted"], rows["0.70"]["wrong_confident"], rows["0.70"]["foreign_drafted"]) == (0.5, 0, 0)
    assert rows["0.70"]["withheld_drafted"] is None
