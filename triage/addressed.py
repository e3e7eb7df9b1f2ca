"""Says whether a text speaks to a machine rather than to people: a hint for a rep, with the words that say so.

Pure. It defends nothing: what keeps an attack from being obeyed is that no field of prose steers a step. Patterns and
weights are written by hand; `THRESHOLD` was chosen on one half of labelled texts (docs/measured.md shows the other).
"""

import re
from dataclasses import dataclass

THRESHOLD = 2.0
MOST_READ = 20_000  # characters; from longer texts the beginning and the end are read
MOST_SHOWN = 3
_MOST_QUOTED = 80


@dataclass(frozen=True, slots=True)
class Sign:
    """A way to speak to a machine. `weight`: what it counts, once however often it is written."""

    name: str
    weight: float
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Addressed:
    """`score` adds up the signs found; `words` are what was found, as it stands in the text."""

    score: float = 0.0
    words: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()

    @property
    def is_suspect(self) -> bool:
        return self.score >= THRESHOLD


def _sign(name: str, weight: float, *patterns: str) -> Sign:
    return Sign(name, weight, re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE))


_ORDERS = (
    r"(?:instructions?|prompts?|tasks?|orders?|rules?|commands?|guidelines?|assignments?|directions?|directives?"
    r"|polic(?:y|ies)|programming|training|conversation|restrictions?)"
)
_SAID_BEFORE = r"(?:previous(?:ly)?|prior|preceding|earlier|above|before|foregoing|existing|initial|original)"
_BEFEHLE = (
    r"(?:anweisung|instruktion|befehl|auftr[aä]g|aufgabe|anordnung|vorgabe|regel|ausführung|information|prompt)\w*"
)
_REPLY = (
    r"(?:reply|response|answer|output|message|completion|solution|implementation|codebase|code|algorithm|text"
    r"|explanation|summary)"
)
_VERB = (
    r"(?:add|adjust|advertise|alter|append|attach|augment|adopt|absorb|apply|arrange|assimilate|blend"
    r"|begin|boost|change|combine"
    r"|complement|craft|deliver|direct|endorse|express|feature|format|misspell|present|provide|rearrange"
    r"|sprinkle|stress"
    r"|conclude|convert|deploy|develop|embed|embrace|emphasi[sz]e|encode|encourage|end|enhance|enrich|ensure|execute"
    r"|finish|fuse|group|highlight|implant|implement|include|incorporate|infuse|insert|install|integrate|interlace"
    r"|interweave|introduce|inject|jumble|leverage|link|make|meld|mention|merge|mix|modify|place|print|promote|put"
    r"|recommend|remove|render|repeat|rephrase|replace|represent|reverse|scramble|shuffle|slip|start|suggest|swap"
    r"|translate|turn|use|utili[sz]e|weave|work|write)"
)
_PIECE = (
    r"(?:poem|haiku|essay|story|tale|speech|song|lyrics|manifesto|limerick|joke|rap|sonnet|love letter|plea|slogan"
    r"|tweet|headline|screenplay|dialogue|monologue|ballad|eulogy)"
)
_WERK = r"(?:gedicht\w*|liebesgedicht\w*|aufsatz|essay|manifest|rede|plädoyer|witz|lied|geschichte|überschrift)"

SIGNS = (
    _sign(
        "takes orders back",
        2.0,
        rf"\b(?:ignore|disregard|forget|override|overlook|neglect|discard|dismiss|drop|skip)\b[^.!?\n]{{0,30}}"
        rf"\b(?:{_SAID_BEFORE}|all|any|every(?:thing)?|your|the|these|those)\b[^.!?\n]{{0,30}}\b{_ORDERS}\b",
        rf"\b(?:ignore|disregard|forget)\s+(?:about\s+)?(?:everything|all|anything|what(?:ever)?)\b[^.!?\n]{{0,24}}"
        rf"\b(?:{_SAID_BEFORE}|that|you|know|learn(?:ed|t)|said|told|written)\b",
        r"\b(?:ignore|disregard|forget)\s+(?:the\s+)?(?:above|everything|all (?:of )?(?:this|that))\b",
        rf"\b(?:vergiss|vergessen sie|ignorier\w*|missachte\w*|verwirf)\b[^.!?\n]{{0,40}}"
        rf"\b(?:alles|alle|bisherig\w*|vorherig\w*|vorangehend\w*|obig\w*|{_BEFEHLE})\b",
        rf"\b(?:obig|vorherig|bisherig|vorangehend)\w*\s+{_BEFEHLE}[^.!?\n]{{0,30}}\b(?:ignorier|vergiss|vergessen)\w*",
        rf"\b(?:abweichend|entgegen)\s+zu\b[^.!?\n]{{0,20}}{_BEFEHLE}",
        r"\b(?:ignora|olvida)\b[^.!?\n]{0,30}\b(?:instrucciones|anterior\w*|todo)\b",
        r"\b(?:ignore[zr]?|oublie[zr]?)\b[^.!?\n]{0,30}\b(?:consignes|précédent\w*|tout ce)\b",
        rf"\b(?:change|replace|update|rewrite) your {_ORDERS}\b",
    ),
    _sign(
        "gives new ones",
        2.0,
        rf"\b(?:your|my) (?:new|next|only|actual|real) (?:{_ORDERS})\b[^.!?\n]{{0,20}}(?::|\bis\b|\bfollow|\.)",
        rf"\bnew {_ORDERS} (?:follow|for you|are|is)\b",
        r"\bfrom now on,? (?:you|your|always|every|act|answer|respond|i will|call)\b",
        r"\bfocus on your\b",
        r"\bstop everything\b|\b(?:stop|stopp)\b\s*[,:!-]+\s*(?:write|say|print|ignore|ignoriere|schreib|ich)\b",
        r"\bneue[nrs]? (?:aufgabe|anweisung|instruktion|befehl)\w*\b",
        r"\bab jetzt\b|\bvon nun an\b[^.!?\n]{0,20}\b(?:bist|sind|wirst|antworte)",
        r"\b(?:that(?:'s| is| was)? (?:done|fantastic|great)|very good|well done|sehr gut|gut gemacht|simply great"
        r"|das ist erledigt)\b[^?\n]{0,60}\b(?:now|nun|jetzt|next|but)\b[^?\n]{0,40}"
        r"\b(?:task|write|instructions?|aufgaben?|schreib\w*|verfasse|follow|folgen|help)\b",
    ),
    _sign(
        "casts a role",
        2.0,
        r"(?:\b(?:want you to|need you to|you (?:will|shall|must|are going to|have to)|please|now|can you"
        r"|going to)|^|[.!?]\s)"
        r"\s*(?:act|behave|role-?play|pose|impersonate|pretend)\s+(?:as|like|to be|that you|you)\b(?! (?:if|expected))",
        r"\bbe (?:a|an|my) (?:\w+ )?(?:dj|poet|pirate|translator|bot|assistant|comedian|critic|therapist"
        r"|coach|hacker)\b",
        r"\bpretend\b[^.!?\n]{0,30}\b(?:you are|you're|to be)\b|\bimagine (?:that )?you(?:'re| are)\b",
        r"\byou are (?:now )?(?:a|an|the|my|our|going to (?:act|be|play|pretend)|[A-Z][a-z]+,)\s?[^.!?\n]{0,50}"
        r"\b(?:assistant|bot|robot|chatbot|model|ai|guide\w*|translator|terminal|interpreter|expert|hacker"
        r"|cheese|devout"
        r"|role|act|god|writer|poet|storyteller|character|pretend|play)\b",
        r"\byou are now\b|\bnow you(?:'re| are) (?:a |an |the )?[A-Z]\w+,",
        r"\bi want you to (?:act|be|respond|reply|answer|play|only|speak|translate|write)\b",
        r"\b(?:immerse yourself|play(?:ing)? the role|in the role of|stay in (?:role|character))\b",
        r"\b(?:jetzt|nun) bist du\b|\bdu bist (?:jetzt|nun|ab)\b|\bstell(?:en sie)? dir vor,? du\b"
        r"|\bich möchte,? dass (?:sie|du)\b[^.!?\n]{0,60}\b(?:fungier|agier|antwort|spiel)\w*"
        r"|\bversetz\w* (?:dich|sie sich)\b",
    ),
    _sign(
        "speaks of its making",
        2.0,
        r"\b(?:as|you(?:'re| are)|like) (?:a|an) (?:large )?(?:language model|ai\b|llm\b|chatbot)"
        r"|\ban? ai (?:model|system)s?\b"
        r"|\bexploit\w* ais?\b|\bals sprachmodell\b",
        r"\b(?:system|your|initial|entire|whole|full|all|hidden|secret) prompts?(?:[ _-]?texts?)?\b"
        r"|\bprompt[ _-]?texts?\b"
        r"|\bthis prompt\b|\bprompt(?:s)? (?:above|injection)\b|\bmy prompts\b|\bgesamten prompt\b",
        r"\b(?:jailbr\w+|DAN mode|do anything now|developer mode enabled|content polic(?:y|ies)|without (?:any )?"
        r"(?:filters?|censorship|restrictions?)|knowledge cut-?off|were you trained)\b",
    ),
    _sign("names a model", 1.0, r"\b(?:chat-?gpt|gpt-?[345]\w*|openai|language model|LLMs?)\b"),
    _sign(
        "dictates the answer",
        2.0,
        r"\b(?:just|only|simply|instead|always)\s+(?:say|print|output|write|reply|respond|answer"
        r"|repeat)\b[^.!?\n]{0,24}[\"'“:]",
        r"(?:^|[.!?:,]\s*|\band )(?:say|print|write|reply|respond|answer|repeat)\b[^.!?\n]{0,24}\b"
        r"(?:only|nothing (?:else|but)|verbatim|yes|after me)\b",
        r"\byou (?:will |must |should |shall )?(?:only|always) (?:say|reply|respond|answer|speak)\b",
        r"\b(?:respond|reply|answer) (?:only |to every \w+ )?with\b[^.!?\n]{0,12}[\"'“]",
        r"(?:^|[.!?:,]\s*|\band\s+)(?:say|print|output|state) (?:that\b|[\"'“]|what\b|you\b)",
        r"\b(?:ignore|forget|stop|please|now|instead|everything)\b[^.!?\n]{0,20}\b(?:write|say|print"
        r"|output)\b[^.\n]{0,12}[\"'“]",
        r"\bantworte\w*\b[^.!?\n]{0,20}\b(?:nur|immer|mit)\b|\b(?:ist|lautet) die richtige antwort\b",
    ),
    _sign(
        "shapes the answer",
        2.0,
        rf"(?:^|[.!?:;]\s+|\n\s*|\bplease |\band )(?:seamlessly |smoothly |subtly |don't (?:forget"
        rf"|hesitate) to (?:\w+ly )?)?"
        rf"{_VERB}\b(?:[^.!?\n]|\b[.!?](?=\w|[\"'”])){{0,160}}\byour (?:\w+ )?{_REPLY}(?:'s|s)?\b",
        rf"(?:^|[.!?]\s+)(?:in|within|throughout|at the (?:end|start"
        rf"|beginning) of) your {_REPLY}\b,?[^.!?\n]{{0,40}}\b\w+",
        rf"\blet your {_REPLY}\b|\byour {_REPLY} (?:could|would|should|must|needs? to|has to)\b",
        r"(?:^|[.!?]\s+)(?:use|replace|substitute|convert|swap|reverse|scramble|jumble|write|spell"
        r"|capitali[sz]e|remove|double"
        r"|change|shuffle|mirror|encode)\b[^.!?\n]{0,40}\b(?:vowels?|consonants?|letters?|every (?:word"
        r"|other)|words|emojis?"
        r"|pig latin|morse|rot13|base64|caesar|leetspeak|uppercase|backwards)\b",
        r"\b(?:following|subsequent|below|next|given) code (?:snippet|block|excerpt|section|segment|fragment|piece)s?\b"
        r"[^.!?\n]{0,80}\b(?:your|seamless\w*|harmonious\w*)\b",
        rf"(?:^|[.!?]\s+){_VERB}\b[^.!?\n]{{0,20}}\b(?:the )?(?:following|subsequent|below) code"
        r" (?:snippet|block|excerpt|section|segment|fragment|piece)\b",
    ),
    _sign(
        "asks for a piece of writing",
        2.0,
        rf"\b(?:write|compose|create|craft|draft|generate|provide|produce|develop|tell|give|share|invent"
        rf"|pen)\b(?: me| us)?"
        rf" (?:a|an|the|some|another|one) (?:\w+[ -]){{0,3}}{_PIECE}s?\b",
        rf"\b(?:schreib\w*|verfass\w*|formulier\w*|dichte)\b[^.!?\n]{{0,40}}\b{_WERK}",
        r"\bgenerate (?:\w+ )?code to\b|\bargue why\b|\bwrite (?:me )?(?:a )?reasons? why\b",
    ),
    _sign(
        "wears a model's marks",
        3.0,
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?INST\]|<<?/?SYS>>?|</?(?:system"
        r"|instructions?|prompt)>",
        r"(?:^|\n)\s*#{2,} ?(?:instructions?|(?:system )?prompt|system message|new task)\s*:?\s*\n",
        r"(?:^|\n)\s*\[?(?:assistant|ai)\]?\s*:\s*\S",
        r"(?:\\n){3,}|ignore_previous|\{\{#?system",
    ),
    _sign(
        "hides its words",
        2.0,
        r"(?:\b\w ){8,}\w\b",
        r"[\u200b-\u200d\u2060]{3,}|[\u202a-\u202e\u2066-\u2069]|[\U000e0020-\U000e007f]{3,}",
        r"\b(?:decode|base64|rot13|hex)\b[^.!?\n]{0,30}\b(?:and (?:do|follow|execute|run|obey)|instructions?)\b",
    ),
)


def read_addressed(text: str) -> Addressed:
    """Return which signs stand in the text, and the first words of each."""
    read = text if len(text) <= MOST_READ else f"{text[: MOST_READ // 2]}\n{text[-MOST_READ // 2 :]}"
    found = [(sign, match) for sign in SIGNS if (match := sign.pattern.search(read))]
    words = [_shown(match.group()) for _sign_, match in sorted(found, key=lambda one: -one[0].weight)]
    return Addressed(
        sum(sign.weight for sign, _match in found),
        tuple(dict.fromkeys(words))[:MOST_SHOWN],
        tuple(sign.name for sign, _match in found),
    )


def _shown(words: str) -> str:
    plain = " ".join(words.split()).strip(".!?:;, ")
    return plain if len(plain) <= _MOST_QUOTED else f"{plain[: _MOST_QUOTED - 1]}…"
