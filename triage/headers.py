"""Where the header of a log line ends and its message begins, found by rule: no setting, no system's name.

Pure. A header is what loggers write before the message: priority, record number, host, time stamp, process, thread,
level, component, in any of their usual orders and brackets. A line without a known header is its own message. Every
pattern looks at the first `ZONE` characters only and backtracks within bounds.
"""

import re

ZONE = 260

_LEVELS = (
    "emergency emerg alert critical crit fatal severe panic failure error err warning warn notice information info"
    " debug dbg trace verbose finest finer fine config inf wrn ftl vrb"
)
_NAMES = _LEVELS.split()
_UPPER = "(?:" + "|".join(name.upper() for name in [*_NAMES, "log", "statement", "hint", "detail"]) + ")"
_LOWER = "(?:" + "|".join(_NAMES) + ")"
_ANY = "(?:" + "|".join(form for name in _NAMES for form in (name.upper(), name, name.title())) + ")"

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?"
_ZONE_NAME = r"(?: ?(?:Z|UTC|GMT|[A-Z]{2,3}T|[+-]\d{2}:?\d{2}))?(?!\w)"
_AMPM = r"(?: [AP]M)?"
_C_STAMP = rf"(?:{_DAY},? )?{_MONTH} {{1,2}}\d{{1,2}},?(?: \d{{4}})? {_CLOCK}{_AMPM}(?: \d{{4}})?{_ZONE_NAME}"
_ISO_STAMP = rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T ,_]{{1,2}}|-){_CLOCK}{_ZONE_NAME}"
_STAMP_ALONE = "(?:" + "|".join(
    [
        _ISO_STAMP,
        r"\d{4}-\d{2}-\d{2}-\d{2}\.\d{2}\.\d{2}(?:\.\d{1,9})?",
        _C_STAMP,
        rf"(?:{_DAY},? )?\d{{1,2}}[ /-]{_MONTH}[ /-]\d{{2,4}}[: ]{_CLOCK}{_ZONE_NAME}",
        rf"\d{{1,2}}[-/.]\d{{1,2}}(?:[-/.]\d{{2,4}})?[ ,]{{1,2}}{_CLOCK}{_AMPM}",
        rf"\d{{8}}[-T ]{_CLOCK}",
        r"\d{6,8} \d{6}(?:[.,]\d{1,9})?",
        _CLOCK,
        r"1\d{9}(?:\d{3}|\.\d{1,9})?",
    ]
) + ")"  # fmt: skip
_STAMP = rf"{_STAMP_ALONE}(?![\w:])"

# Before a stamp come priorities, labels, numbers and hosts, which are no plain words.
_ODD = r"(?![A-Za-z][a-z]*[.,;:]?[ \t])\S{1,80}[ \t]+(?:\|[ \t]+)?"
_SEPARATOR = r"[ \t]*(?:(?:[-–|,:>]{1,3}|[*#])(?=[ \t|\[(])[ \t]*)?"
_BRACKET = r"\[[^\[\]]{0,200}(?:\[[^\[\]]{0,80}\][^\[\]]{0,200}){0,3}\]"
# A level in capitals is one wherever a header may stand; in small letters it is set off from the words of a message.
_LEVEL = rf"(?:{_UPPER}(?=[\s:,|\])>-]|$)|[\[(<]{_ANY}[\])>]|{_LOWER}(?=:)|{_ANY}(?=[|,]|[ ]{{2}}|\t))[:,]?"
_FIELD = "(?:" + "|".join(
    [
        "(?P<level>" + _LEVEL + ")",
        rf"#?\d{{1,10}}(?:#\d{{1,10}})?:?(?=[ \t]+(?:{_UPPER}\b|---|\[|[-|][ \t]))",
        r"\d{1,10}#\d{1,10}:",
        r"---",
        rf"{_BRACKET}:?",
        r"\{[\w.-]{1,60}\}",
        r"\w{1,30}@\w{1,30}(?=[ \t])",
    ]
) + ")"  # fmt: skip
# Places and programs between the stamp and a level: node RAS KERNEL INFO.
_PLACED_LEVEL = (
    rf"(?:(?![a-z]+[ \t])[\w.:$/@#-]{{1,60}}[ \t]+(?:[-:|][ \t]+)?){{1,4}}?(?:{_UPPER}(?=[\s:,|-])[:,]?|\[{_ANY}\])"
)
# A component is told from the first word of a message by its dots, humps or brackets; an exception is the message.
_NO_EXCEPTION = r"(?![\w.$]{0,100}(?:Exception|Error|Throwable|Failure|Fault|Warning)\b)"
_NAME = r"[A-Za-z_][\w.$/@#-]{0,80}"
_HUMPED = r"(?=[A-Za-z_]*(?:[.$/@\[(]|[a-z][A-Z]))"
_TAG = "(?:" + "|".join(
    [
        rf"{_NO_EXCEPTION}{_HUMPED}{_NAME}(?:\([^()\s]{{0,60}}\))?(?:\[[^\[\]]{{0,60}}\])?[ \t]{{0,40}}:(?=[ \t]|$)",
        rf"{_NO_EXCEPTION}{_NAME}(?: \*?\d{{1,6}})? - ",
        rf"(?:[A-Za-z_][\w$-]{{0,60}}\.)[\w.$-]{{1,80}}[ \t]+{_BRACKET}",
        r"[A-Za-z_][\w.$-]{0,40}(?:[ ]{2,}|\t)",
        r"--[ \t]:",
    ]
) + ")"  # fmt: skip

_SYSLOG_TAG = (
    r"(?:[^\s\[:]{1,80}(?:\[[^\[\]\s]{0,20}\])?(?: \([^()]{1,100}\))?:(?=[ \t]|$)"
    r"|[^\s\[:]{1,60}(?: [^\s\[:]{1,40}){1,3}\[\d{1,9}\]:(?=[ \t]|$))"
)
_SYSLOG_STAMP = rf"(?:{_MONTH} {{1,2}}\d{{1,2}} (?:\d{{4}} )?{_CLOCK}|\d{{4}}-\d{{2}}-\d{{2}}T{_CLOCK}{_ZONE_NAME})"
_SYSLOG = rf"(?:<\d{{1,3}}>)?{_SYSLOG_STAMP} \S{{1,100}}[ \t]+(?:{_SYSLOG_TAG}|[a-z]{{1,12}}d [\d.]{{1,12}}:)"
_AFTER = (
    rf"(?:{_SEPARATOR}{_FIELD}){{0,8}}"
    rf"(?(level)|(?:{_SEPARATOR}{_PLACED_LEVEL}(?:{_SEPARATOR}{_FIELD.replace('?P<level>', '?:')}){{0,3}})?)"
    rf"{_SEPARATOR}(?:{_TAG})?{_SEPARATOR}"
)
_STAMPED = re.compile(rf"[\[(\"]?{_STAMP}[\])\"]?{_AFTER}")
_IN_BRACKETS = re.compile(rf"\[{_STAMP_ALONE}(?:[ :,]{{1,3}}{_ANY}(?:/[\w-]{{1,60}})?)?\]{_AFTER}")
# A label, a record number, a file's name, a node or a first stamp, and then the stamp.
_LATE = re.compile(
    rf"(?:{_ODD}){{1,4}}?[\[(\"]?{_STAMP}[\])\"]?(?:{_SEPARATOR}(?:{_ODD}){{0,3}}?[\[(]?{_STAMP}[\])]?)?{_AFTER}"
)
_LEVELLED = re.compile(rf"{_LEVEL}{_SEPARATOR}(?:{_BRACKET}{_SEPARATOR})?(?:{_TAG})?{_SEPARATOR}")
_PLAIN_SYSLOG = re.compile(_SYSLOG)
_RELAYED_SYSLOG = re.compile(rf"(?:{_ODD}){{1,5}}?{_SYSLOG}")
_NEW_SYSLOG = re.compile(r"<\d{1,3}>1 \S{1,40} \S{1,100} \S{1,60} \S{1,60} \S{1,60} (?:-|(?:\[[^\]]{0,200}\]){1,4})")
# A record number, up to four words, an epoch and a flag.
_RECORD = re.compile(r"\d{1,12}(?:[ \t]+\S{1,80}){1,4}?[ \t]+1\d{9}[ \t]+\d{1,3}[ \t]+")
_PIPES = re.compile(rf"[\[(]?{_STAMP}[\])]?[ \t]*\|(?:[^|\s]{{0,60}}(?: [^|\s]{{0,60}})?\|)*")
# Android: date, time, process, thread, priority, tag; and priority/tag(process).
_LOGCAT = re.compile(
    rf"(?:\d{{4}}-)?\d{{2}}-\d{{2}} {_CLOCK}[ \t]+\d{{1,9}}[ \t]+\d{{1,9}}[ \t]+[VDIWEFA][ \t][^:]{{1,80}}:(?=[ \t]|$)"
)
_LOGCAT_BRIEF = re.compile(r"[VDIWEFA]/[^(\n]{1,80}\([ \t]*\d{1,9}\):")
_GLOG = re.compile(rf"[IWEF]\d{{4}} {_CLOCK}[ \t]+\d{{1,9}} \S{{1,80}}:\d{{1,6}}\] ")
_RUBY = re.compile(rf"[DIWEFA], \[[^\]]{{1,60}}\] +{_UPPER} -- [^:]{{0,60}}: ")
_PYTHON = re.compile(rf"{_UPPER}:[\w.]{{1,60}}:(?=\S)")

_Forms = tuple[re.Pattern[str], ...]
_DIGIT_FORMS: _Forms = (_LOGCAT, _PLAIN_SYSLOG, _STAMPED, _RECORD, _RELAYED_SYSLOG, _LATE)
_LETTER_FORMS: _Forms = (
    _PLAIN_SYSLOG,
    _STAMPED,
    _LOGCAT_BRIEF,
    _GLOG,
    _RUBY,
    _PYTHON,
    _RELAYED_SYSLOG,
    _LATE,
    _LEVELLED,
)
_BRACKET_FORMS: _Forms = (_IN_BRACKETS, _STAMPED, _LEVELLED, _LATE)
_OTHER_FORMS: _Forms = (_PLAIN_SYSLOG, _NEW_SYSLOG, _STAMPED, _RELAYED_SYSLOG, _LATE, _LEVELLED)


def _forms_of(line: str) -> _Forms:
    first = line[:1]
    if first.isdecimal():
        forms = _DIGIT_FORMS
    elif first.isalpha():
        forms = _LETTER_FORMS
    else:
        forms = _BRACKET_FORMS if first == "[" else _OTHER_FORMS
    return (_PIPES, *forms) if "|" in line[:ZONE] else forms


def header_end(line: str) -> int:
    """Return how many characters of the line are its header; 0 where it has none."""
    for form in _forms_of(line):
        match = form.match(line, 0, ZONE)
        if match:
            return match.end()
    return 0


def message_of(line: str) -> str:
    """Return what follows the header; the line itself where nothing would be left."""
    return line[header_end(line) :].strip() or line.strip()
