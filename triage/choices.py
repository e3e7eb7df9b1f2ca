"""The closed sets of triage, with their words for people: states, verdicts, reasons, kinds."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RunState(TextChoices):
    PENDING = "pending", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Verdict(TextChoices):
    """What the screen says: it moves a request in the queue's order, never out of sight."""

    PLAIN = "", _("a request")
    EMPTY = "empty", _("empty")
    DUPLICATE = "duplicate", _("possible duplicate")
    SPAM = "spam", _("possible spam")


class About(TextChoices):
    """What a person may say of a request where the screen may be wrong; the values are those of `Verdict`."""

    SPAM = "spam", _("spam")
    DUPLICATE = "duplicate", _("a duplicate")


class NoDraftReason(TextChoices):
    """Why a run has no draft, in words for a rep."""

    HIGH_TOUCH = "high_touch", _("This account is looked after by a person: nothing is drafted for it.")
    ERASED = "erased", _("The conversation was erased at the person's request.")
    UNKNOWN_ACCOUNT = "unknown_account", _("The account is unknown, and unknown accounts are not drafted for here.")
    DRAFTING_OFF = "drafting_off", _("Drafting is switched off.")
    EMPTY_MESSAGE = "empty_message", _("The message holds no text to answer.")
    SPAM = "spam", _("The message looks like spam.")
    DUPLICATE = "duplicate", _("The same person has an open request that says the same.")
    SUPERSEDED = "superseded", _("The customer has written again since.")
    NOTHING_RELEVANT = "nothing_relevant", _("No article that this customer may read is about this.")
    LOW_CONFIDENCE = "low_confidence", _("Articles come close, but none clearly answers the request.")
    EVIDENCE_CONFLICT = "evidence_conflict", _("Several articles answer differently: a person has to choose.")
    NOT_GROUNDED = "not_grounded", _("The sentences did not stand up against their sources.")
    OTHER_LANGUAGE = "other_language", _("The articles are not written in the customer's language.")
    SEARCH_DEGRADED = (
        "search_degraded",
        _("Search could not look by meaning, so what it found is not enough to draft from."),
    )
    FAILED = "failed", _("Triage failed before it came to a draft.")


class NotWorded(TextChoices):
    """Why the words of a configured chat model are not used, in words for a rep: the draft is then a quotation."""

    SLOW = "slow", _("the model did not answer in time")
    BUSY = "busy", _("the model's server is overloaded")
    REFUSED = "refused", _("the model's server refused the question")
    ERROR = "error", _("the model's server failed")
    UNREACHABLE = "unreachable", _("the model's server could not be reached, or broke off")
    RESTING = "resting", _("the model failed several times in a row and is left alone for a minute")
    MALFORMED = "malformed", _("the model's answer was not in the form that was asked for")
    TOO_LONG = "too_long", _("the model's answer was longer than allowed")
    EMPTY = "empty", _("the model gave no answer")
    UNKNOWN_PASSAGE = "unknown_passage", _("the model cited a passage that it was not given")
    INVENTED = "invented", _("the model wrote a number, command, code or address that the article does not hold")
    UNSUPPORTED = "unsupported", _("most of what the model wrote does not stand in the article")
    OTHER_LANGUAGE = "other_language", _("wordings can be checked in English only")


class Failure(TextChoices):
    """Why an attempt failed."""

    NONE = "", _("none")
    TIMEOUT = "timeout", _("it took too long")
    LOST = "lost", _("its process was lost")
    DATABASE = "database", _("the database did not answer")
    STEP = "step", _("a step failed")


class FieldName(TextChoices):
    CATEGORY = "category", _("category")
    PRIORITY = "priority", _("priority")


class LadderReason(TextChoices):
    """Why a value may be applied by itself from now on, or may not any more."""

    PROVEN = "proven", _("its blind checks prove it")
    DRIFT = "drift", _("recent blind checks were wrong too often")
    REFILED = "refiled", _("people changed too often what was filed")


class LogFindingKind(TextChoices):
    ERROR = "error", _("error")
    STACK_TRACE = "stack_trace", _("stack trace")
    CODE = "code", _("code")
    WARNING = "warning", _("warning")


class Container(TextChoices):
    PLAIN = "", _("file")
    GZIP = "gzip", _("packed file")
    ZIP = "zip", _("zip archive")
    TAR = "tar", _("tar archive")


class NextStepKind(TextChoices):
    QUESTION = "question", _("ask")
    RUNBOOK = "runbook", _("read")
    ESCALATION = "escalation", _("escalate")
    MACRO = "macro", _("macro")


class SentenceKind(TextChoices):
    QUOTED = "quoted", _("from a source")
    WORDED = "worded", _("worded from a source")
    NEEDS_WORDS = "needs_words", _("needs your words")


class SentenceForm(TextChoices):
    """How the sentence is set: the words are the same."""

    SENTENCE = "sentence", _("sentence")
    STEP = "step", _("numbered step")
    ITEM = "item", _("list item")
    COMMAND = "command", _("command or code, verbatim")
    HEADING = "heading", _("heading")
