"""Next steps: at most three, each with its reason, and nothing that happens by itself."""

from tests.triage.requests import a_reading, a_request, an_article
from triage.choices import NextStepKind
from triage.components.advise import MAX_STEPS, Advise, commands_of
from triage.facts import (
    ArticleEvidence,
    Drafted,
    Evidence,
    Kind,
    Priority,
    Request,
    Screening,
    ScreenVerdict,
    Sentence,
    Step,
)


def _steps(
    request: Request,
    *,
    articles: tuple[ArticleEvidence, ...] = (),
    priority: Priority | None = None,
    screening: Screening | None = None,
    drafted: Drafted | None = None,
    log: bytes = b"",
) -> list[Step]:
    return Advise().run(
        request,
        screening or Screening(),
        [a_reading(log)],
        priority or Priority("normal", ()),
        Evidence(articles),
        drafted or Drafted(),
    )["steps"]


def test_an_error_that_nobody_quoted_is_asked_for() -> None:
    (step,) = _steps(a_request("Export", "The export fails with an error every single night."))
    assert (step.kind, "error message" in step.text) == (NextStepKind.QUESTION, True)
    assert step.reason
    assert not _steps(a_request("Export", 'The export fails every night with the error "queue is full".'))
    quoted = b"2024-03-01 10:00:00 ERROR queue is full\n"
    assert not _steps(a_request("Export", "The export fails with an error every single night."), log=quoted)


def test_a_version_is_asked_for_only_where_it_matters() -> None:
    held = an_article("Affected products and versions: Export 3.1")
    plain = an_article("This works everywhere.")
    text = "Our nightly export stops after one hundred orders."
    assert NextStepKind.QUESTION in [step.kind for step in _steps(a_request("Export", text), articles=(held,))]
    assert NextStepKind.QUESTION not in [step.kind for step in _steps(a_request("Export", text), articles=(plain,))]
    told = a_request("Export", text + " Version 3.1.0")
    assert NextStepKind.QUESTION not in [step.kind for step in _steps(told, articles=(held,))]


def test_urgency_is_a_proposal_for_a_person_with_its_reasons() -> None:
    priority = Priority("high", ("a",), 9, ("outage: “down” (+4)", "security: “hacked” (+5)"))
    step = _steps(a_request(), priority=priority)[0]
    assert step.kind == NextStepKind.ESCALATION
    assert "hacked" in step.reason


def test_articles_that_a_draft_does_not_cite_are_offered_to_read() -> None:
    cited, other = an_article("One."), an_article("Two.", article_id=2, source_text_id=12, url="/articles/two/")
    drafted = Drafted((Sentence("One.", Kind.QUOTED, source_text_id=11),))
    urls = [step.url for step in _steps(a_request(), articles=(cited, other), drafted=drafted)]
    assert urls == ["/articles/two/"]


def test_there_are_never_more_than_three() -> None:
    priority = Priority("high", ("a",), 9, ("outage",))
    articles = tuple(an_article("Affected versions: all.", source_text_id=20 + n) for n in range(4))
    request = a_request("Help", "It fails with an error, see the attached file.")
    assert len(_steps(request, articles=articles, priority=priority)) == MAX_STEPS


def test_spam_gets_no_advice_and_a_duplicate_points_at_its_twin() -> None:
    articles = (an_article("One."),)
    assert _steps(a_request(), articles=articles, screening=Screening(ScreenVerdict.SPAM)) == []
    (step,) = _steps(a_request(), articles=articles, screening=Screening(ScreenVerdict.DUPLICATE, ("same",), 41))
    assert "#41" in step.text


SOLUTION = "Clear the queue.\n\nRun:\n\nphp bin/export run --resume\nphp bin/export status"


def test_a_runbook_brings_its_commands_letter_by_letter() -> None:
    article = an_article(SOLUTION, {("Solution",): SOLUTION}, article_id=2, source_text_id=12, url="/articles/two/")
    assert commands_of(article) == "php bin/export run --resume\nphp bin/export status"
    (step,) = _steps(a_request(), articles=(article,))
    assert (step.kind, step.commands) == (NextStepKind.RUNBOOK, "php bin/export run --resume\nphp bin/export status")


def test_what_a_program_printed_is_no_command() -> None:
    text = "The log says:\n\n2026-09-21T08:30:02 ERROR sync.queue entry 8812 unreadable"
    assert commands_of(an_article(text, {("Solution",): text})) == ""


def test_where_nothing_was_drafted_an_article_without_commands_is_no_step() -> None:
    assert _steps(a_request(), articles=(an_article("Just words here."),)) == []
