"""At most three things that a person may do next, each with its reason: escalate, ask, read. None is automatic."""

import re
from itertools import islice

from django.utils.translation import gettext as _
from haystack import component

from triage.choices import NextStepKind
from triage.components.read_logs import signatures_of
from triage.facts import (
    ArticleEvidence,
    Drafted,
    Evidence,
    FileReading,
    Form,
    Priority,
    Request,
    Screening,
    ScreenVerdict,
    Step,
)
from triage.sections import Role, parts_of, with_role
from triage.units import cut_units, is_command
from triage.wording import with_subject, words_of

MAX_STEPS, MOST_RUNBOOKS = 3, 2
MOST_COMMANDS, MOST_COMMAND_CHARACTERS = 6, 800
_VERSION = re.compile(r"\b[vV]?\d{1,4}\.\d{1,4}(?:\.\d{1,6})?(?:-?p\d+)?\b")
_HOLDS_FOR = re.compile(r"\b(?:affected|compatible|applicable)\b[^.\n]{0,60}\bversions?\b", re.IGNORECASE)
_NAMES_CODE = re.compile(r"\b[45]\d\d\b")
_SAYS_ERROR = re.compile(r"\b(?:error|exception|fails?|failed|failing|crash(?:es|ed)?|message)\b", re.IGNORECASE)
# What a program printed: a line of a log, or a piece of a file. Nobody types it.
_PRINTED = re.compile(r"\s*(?:\[?\d{4}-\d\d|[<{}\]])")
_SAYS_ATTACHED = re.compile(r"\b(?:attach(?:ed|ment)|see the (?:log|file|screenshot))\b", re.IGNORECASE)


@component
class Advise:
    """Proposes; what it looks at are typed facts, never what a text asks for."""

    @component.output_types(steps=list[Step])
    def run(
        self,
        request: Request,
        screening: Screening,
        readings: list[FileReading],
        priority: Priority,
        evidence: Evidence,
        grounded: Drafted,
    ) -> dict[str, list[Step]]:
        steps = [*_escalation(priority), *_duplicate(screening)]
        if screening.verdict is ScreenVerdict.PLAIN:
            articles = list(evidence.worth_reading)
            cited = {sentence.source_text_id for sentence in grounded.sentences}
            unread = [article for article in articles if article.source_text_id not in cited]
            questions = _questions(request, readings, articles)
            runbooks = _runbooks(unread, drafted=bool(cited))
            steps += [*questions[:1], *runbooks[:1], *questions[1:2], *runbooks[1:]]
        return {"steps": steps[:MAX_STEPS]}


def _escalation(priority: Priority) -> list[Step]:
    if not priority.urgent_reasons:
        return []
    reason = "; ".join(priority.urgent_reasons)
    return [Step(NextStepKind.ESCALATION, _("Consider making this urgent: that is for a person to decide."), reason)]


def _duplicate(screening: Screening) -> list[Step]:
    if screening.duplicate_of is None:
        return []
    text = _("Read request #%d first: it may be the same.") % screening.duplicate_of
    return [Step(NextStepKind.RUNBOOK, text, " ".join(screening.reasons))]


def _questions(request: Request, readings: list[FileReading], articles: list[ArticleEvidence]) -> list[Step]:
    text = with_subject(request.subject, request.text)
    found = any(reading.reading.findings for reading in readings)
    steps: list[Step] = []
    if _SAYS_ATTACHED.search(text) and not request.files:
        steps.append(
            _ask(
                _("Could you attach the file again? It did not arrive."),
                _("The message speaks of an attachment and has none."),
            )
        )
    quoted = found or signatures_of(readings) or _NAMES_CODE.search(text) or '"' in text or "“" in text
    if _SAYS_ERROR.search(text) and not quoted:
        steps.append(
            _ask(
                _("What exactly does the error message say?"),
                _("The message speaks of an error and does not quote it."),
            )
        )
    if not _VERSION.search(text) and any(_HOLDS_FOR.search(article.text) for article in articles[:1]):
        steps.append(
            _ask(
                _("Which version are you using?"),
                _("The articles found hold for certain versions; the message names none."),
            )
        )
    if len(words_of(text)) < 6:
        steps.append(
            _ask(_("What did you do, what did you expect, and what happened?"), _("The message is very short."))
        )
    return steps


def _ask(text: str, reason: str) -> Step:
    return Step(NextStepKind.QUESTION, text, reason)


def _runbooks(articles: list[ArticleEvidence], *, drafted: bool) -> list[Step]:
    """Articles to go by, with what they have one type. Where nothing was drafted a rep sees the nearest ones anyway."""
    why = _("Also about this (%(why)s).") if drafted else _("The nearest article with commands (%(why)s).")
    steps = (
        Step(
            NextStepKind.RUNBOOK,
            _("Read “%(title)s”.") % {"title": article.title},
            why % {"why": ", ".join(article.matched) or _("by meaning")},
            article.url,
            commands_of(article),
        )
        for article in articles
    )
    return list(islice((step for step in steps if drafted or step.commands), MOST_RUNBOOKS))


def commands_of(article: ArticleEvidence) -> str:
    """Return the article's commands, a line each, from the part that says what to do where one does; none is cut."""
    parts = parts_of(article)
    kept: list[str] = []
    for part in with_role(parts, Role.SOLUTION) or with_role(parts, Role.BODY, Role.INTRO):
        units = cut_units(article.text, part.start, part.end)
        typed = [unit.text for unit in units if unit.form is Form.COMMAND and is_command(unit.text.partition("\n")[0])]
        kept += [text for text in typed if text not in kept and len(text.split()) > 1 and not _PRINTED.match(text)]
    fitting = [command for at, command in enumerate(kept) if sum(map(len, kept[: at + 1])) <= MOST_COMMAND_CHARACTERS]
    return "\n".join(fitting[:MOST_COMMANDS])
