"""The explicit signals of priority: what to look for in a request, and what each weighs as shipped.

Pure, and meant to be read and argued with. A signal is a claim that a person can find in the message, or what the
record says. What a lead weighs otherwise stands in `triage.weights`.
"""

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What stands just before a match and turns it around: "no data loss", "how to prevent an outage".
NEGATION = re.compile(
    r"\b(?:no|not|isn't|aren't|wasn't|never|without|nothing|neither|if|in case|avoid|prevent|how to)\b[^.!?\n]{0,24}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signal:
    """`grave` signals are what urgency is made of; the others only move a request up or down.

    `code` is for ever: what leads decided is kept by it. `hears` says in words what sets it off. One without a
    pattern is set off by the record or by the logs, never by words.
    """

    code: str
    name: str | Promise
    weight: int
    hears: str | Promise
    pattern: re.Pattern[str] | None = None
    grave: bool = False

    @property
    def lowers(self) -> bool:
        """Whether it speaks against hurry, as shipped."""
        return self.weight < 0

    def claim_in(self, text: str) -> str:
        """Return the first words that make the claim and are not denied just before, or an empty string."""
        if self.pattern is None:
            return ""
        for match in self.pattern.finditer(text):
            if self.lowers or not NEGATION.search(text[max(0, match.start() - 40) : match.start()]):
                return " ".join(match.group().split())[:80]
        return ""


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(phrases) + ")", re.IGNORECASE)


_THING = (
    "(?:(?:web)?site|store(?:front)?|shop|service|server|system|production|prod|platform|application|app|api|database"
    "|checkout|everything)"
)
_GONE = "(?:down|offline|unreachable|unavailable)"
_DAY = "(?:monday|tuesday|wednesday|thursday|friday|noon)"
_MANY = "(?:all|every|many|most|our|hundreds of|thousands of) ?(?:of )?(?:our |the )?"
_PEOPLE = "(?:users?|customers?|staff|team|employees|clients|shoppers|people|colleagues)"
_SEVERAL = r"(?:(?:\d[\d.,']{0,8}\d|[2-9])|two|three|four|five|six|seven|eight|nine|ten|dozens of|several)"
_HUNDREDS = r"(?:\d{1,3}[.,']\d{3}|\d{3,9}|hundreds of|thousands of|all(?: of)?|every|none of|entire)"
_CANNOT = "(?:can(?:no|')t|cannot|unable|could not|blocked|locked out)"

SIGNALS = (
    Signal(
        "outage",
        _("outage"),
        4,
        _("“the shop is down”, “502 bad gateway”, “keeps crashing”"),
        _any_of(
            "outage",
            rf"{_THING} (?:is|are|went|has gone|goes|seems|keeps going)(?: \w+){{0,2}} {_GONE}\b",
            r"(?:down|offline) since",
            r"(?:complete|total)ly down",
            r"50[0234] (?:errors?\b|bad gateway|service unavailable|gateway)",
            rf"{_THING} (?:has |have )?(?:crashed|stopped working)",
            "keeps crashing",
        ),
        grave=True,
    ),
    Signal(
        "data_loss",
        _("data loss"),
        5,
        _("“orders are gone”, “we lost our data”, “backups are corrupted”"),
        _any_of(
            "data (?:loss|is lost|was lost|got lost|is gone|has gone|corruption)",
            "(?:lost|losing|wiped|overwrote|erased) (?:all |our |the |my |some |customer )*"
            "(?:data|orders|records|database|backups?|files|customers)",
            "(?:orders|records|data|files|backups?|customers) (?:are|is|were|was|have|has) (?:been )?"
            "(?:lost|gone|corrupt(?:ed)?|wiped)",
        ),
        grave=True,
    ),
    Signal(
        "security",
        _("security"),
        5,
        _("“hacked”, “phishing”, “data leak”, “unauthorized access”, a CVE number"),
        _any_of(
            "hacked",
            "(?:data |security )?breach(?:ed)?",
            "(?:been|is|are|was|were|got) compromised",
            "ransomware",
            "malware",
            "phishing",
            "leak(?:ed|ing)? (?:data|passwords?|keys?|credentials|customer)",
            "data leak",
            "unauthori[sz]ed (?:access|user|login|charge|transaction)s?",
            r"CVE-\d{4}-\d+",
            r"card skimm\w*",
            "sql injection",
            "(?:passwords?|cards?|accounts?|data|credentials) (?:was|were|has been|have been|got) stolen",
        ),
        grave=True,
    ),
    Signal(
        "people_blocked",
        _("people are blocked"),
        3,
        _("“none of our users can”, “40 customers cannot log in”, “customers cannot pay”"),
        _any_of(
            r"(?:nobody|no one|none of (?:us|our \w+)) (?:can|is able|are able)",
            rf"{_MANY}{_PEOPLE}[^.!?\n]{{0,30}}{_CANNOT}",
            rf"{_SEVERAL} (?:of )?(?:our |the )?{_PEOPLE}[^.!?\n]{{0,30}}{_CANNOT}",
            rf"customers? {_CANNOT}(?: to)? (?:check ?out|pay|order|buy|log ?in|place)",
        ),
        grave=True,
    ),
    Signal(
        "many_blocked",
        _("a hundred or more are blocked"),
        1,
        _("a number of blocked people from 100 on, “hundreds of”, “all our users”, “nobody can”; beside the one above"),
        _any_of(
            r"(?:nobody|no one|none of (?:us|our \w+)) (?:can|is able|are able)",
            rf"{_HUNDREDS} (?:our |the |of our )?{_PEOPLE}[^.!?\n]{{0,30}}{_CANNOT}",
        ),
    ),
    Signal(
        "money",
        _("loss of money"),
        2,
        _("“losing sales”, “charged twice”, “payments are failing”"),
        _any_of(
            "los(?:ing|t|e) (?:sales|revenue|money|orders|business)",
            "charged (?:twice|double|two times)",
            "double charged?s?",
            "cannot (?:take|accept) payments?",
            "payments? (?:are )?failing",
        ),
    ),
    Signal(
        "deadline",
        _("deadline"),
        2,
        _("“by Friday”, “go-live is tomorrow”, “within 2 hours”"),
        _any_of(
            rf"by (?:today|tonight|tomorrow|(?:the )?end of (?:the )?(?:day|week)|eod|{_DAY})\b",
            "deadline",
            "(?:going|goes|go)[- ]live (?:is |on |in )?(?:today|tomorrow|this|next|on|in)",
            "launch(?:es|ing)? (?:today|tomorrow|this|next|on|in)",
            r"within (?:the |an )?(?:next )?(?:hour\b|\d+ hours?)",
            "black friday",
            "cyber monday",
        ),
    ),
    Signal(
        "blocked",
        _("the customer is blocked"),
        1,
        _("“blocked”, “cannot continue”, “locked out”"),
        _any_of(
            "blocked", "blocker", "blocking us", "locked out", rf"{_CANNOT} (?:work|log ?in|continue|proceed|access)"
        ),
    ),
    Signal(
        "called_urgent",
        _("the customer calls it urgent"),
        1,
        _("“urgent”, “asap”, “P1”: asking alone never makes it high"),
        _any_of(r"urgent(?:ly)?\b", r"asap\b", "as soon as possible", "immediately", "emergency", r"p1\b", r"sev ?1\b"),
    ),
    Signal(
        "no_hurry",
        _("no hurry, says the customer"),
        -3,
        _("“no rush”, “when you have time”, “just wondering”"),
        _any_of(
            "no (?:rush|hurry|urgency)",
            "not urgent",
            "low priority",
            "when(?:ever)? you (?:have|get|find) (?:the |a |some )?(?:time|chance|moment)",
            "just (?:curious|wondering)",
        ),
    ),
    Signal(
        "wish",
        _("a wish"),
        -2,
        _("“feature request”, “it would be nice if”"),
        _any_of("feature request", "would be (?:nice|great|good) (?:to|if)", "it would help if", r"wish ?list\b"),
    ),
    Signal(
        "how_to",
        _("a question about how"),
        -1,
        _("a sentence such as “How do I …?”"),
        re.compile(
            r"(?:^|[.!?\n]\s{0,4})(?:how (?:do|can|to|does|would)|what (?:is|are|does)|where (?:is|are|can|do)"
            r"|is (?:it|there)|can (?:i|we|you)|does|do you)\b[^.!?\n]{5,160}\?",
            re.IGNORECASE,
        ),
    ),
    Signal(
        "fatal_log",
        _("a fatal error in the logs"),
        1,
        _("a line of the level fatal in an attached or pasted log"),
    ),
    Signal(
        "unanswered",
        _("no first answer for a day"),
        2,
        _("the clock: the customer writes again, and 24 hours after filing nobody has answered, by the record"),
    ),
)
BY_CODE = {signal.code: signal for signal in SIGNALS}
FATAL_LOG, UNANSWERED = "fatal_log", "unanswered"
UNANSWERED_FROM_HOURS = 24
