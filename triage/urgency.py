"""The explicit signals of priority: what to look for in a request, and what each weighs.

Pure, and meant to be read and argued with. A signal is a claim that a person can find in the message.
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
    """`grave` signals are what urgency is made of; the others only move a request up or down."""

    name: str | Promise
    weight: int
    pattern: re.Pattern[str]
    grave: bool = False

    def claim_in(self, text: str) -> str:
        """Return the first words that make the claim and are not denied just before, or an empty string."""
        for match in self.pattern.finditer(text):
            if self.weight < 0 or not NEGATION.search(text[max(0, match.start() - 40) : match.start()]):
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
_PEOPLE = "(?:users?|customers?|staff|team|employees|clients|shoppers)"
_CANNOT = "(?:can(?:no|')t|cannot|unable|could not|blocked|locked out)"

SIGNALS = (
    Signal(
        _("outage"),
        4,
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
        _("data loss"),
        5,
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
        _("security"),
        5,
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
        _("people are blocked"),
        3,
        _any_of(
            r"(?:nobody|no one|none of (?:us|our \w+)) (?:can|is able|are able)",
            rf"{_MANY}{_PEOPLE}[^.!?\n]{{0,30}}{_CANNOT}",
            rf"customers? {_CANNOT}(?: to)? (?:check ?out|pay|order|buy|log ?in|place)",
        ),
        grave=True,
    ),
    Signal(
        _("loss of money"),
        2,
        _any_of(
            "los(?:ing|t|e) (?:sales|revenue|money|orders|business)",
            "charged (?:twice|double|two times)",
            "double charged?s?",
            "cannot (?:take|accept) payments?",
            "payments? (?:are )?failing",
        ),
    ),
    Signal(
        _("deadline"),
        2,
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
        _("the customer is blocked"),
        1,
        _any_of(
            "blocked", "blocker", "blocking us", "locked out", rf"{_CANNOT} (?:work|log ?in|continue|proceed|access)"
        ),
    ),
    Signal(
        _("the customer calls it urgent"),
        1,
        _any_of(r"urgent(?:ly)?\b", r"asap\b", "as soon as possible", "immediately", "emergency", r"p1\b", r"sev ?1\b"),
    ),
    Signal(
        _("no hurry, says the customer"),
        -3,
        _any_of(
            "no (?:rush|hurry|urgency)",
            "not urgent",
            "low priority",
            "when(?:ever)? you (?:have|get|find) (?:the |a |some )?(?:time|chance|moment)",
            "just (?:curious|wondering)",
        ),
    ),
    Signal(
        _("a wish"),
        -2,
        _any_of("feature request", "would be (?:nice|great|good) (?:to|if)", "it would help if", r"wish ?list\b"),
    ),
    Signal(
        _("a question about how"),
        -1,
        re.compile(
            r"(?:^|[.!?\n]\s{0,4})(?:how (?:do|can|to|does|would)|what (?:is|are|does)|where (?:is|are|can|do)"
            r"|is (?:it|there)|can (?:i|we|you)|does|do you)\b[^.!?\n]{5,160}\?",
            re.IGNORECASE,
        ),
    ),
)
