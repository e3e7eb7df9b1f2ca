"""The versions and the hosts that lines of a log name, as they are written.

Pure and bounded: a few hundred lines are looked at, a handful of each is returned, those named most often first.
"""

import re
from collections import Counter
from collections.abc import Iterable

_MOST = 6
_CLIP = 400  # of a line: what is named later is data
_NUMBER = r"v?\d{1,4}\.\d{1,4}(?:\.\d{1,6}){0,2}(?:[-+][A-Za-z0-9][\w.]{0,20}|[a-z]\d{0,3})?(?![\w.]*\d)"
_VERSION = re.compile(
    rf"\b(?P<named>[A-Za-z][\w.+-]{{1,30}}) (?:version|release|ver\.?):? [\"']?(?P<a>{_NUMBER})"
    rf"|\b(?P<key>\w{{0,20}}version)[\"']?[=:] ?[\"']?(?P<b>{_NUMBER})"
    rf"|(?<![\w/.])(?P<agent>[A-Za-z][A-Za-z.+-]{{1,30}})/(?P<c>{_NUMBER})"
    r"|\b(?P<word>[A-Z][A-Za-z.+-]{1,30}|node|php|ruby|python|nginx|mysqld|java) "
    r"(?P<d>v?\d{1,4}\.\d{1,4}\.\d{1,6}(?:[-+][\w.]{1,20})?)(?![\w.]*\d)"
    r"|\b(?P<go>go)(?P<e>1\.\d{1,2}(?:\.\d{1,2})?)\b"
)
_DOTTED = re.compile(r"\d\.\d")
_NO_PRODUCT = frozenset(["mozilla", "applewebkit", "safari", "gecko", "http", "https", "khtml", "tls", "ssl"])
_NAME = r"[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,62}){0,6}"
_SYSLOG_HOST = re.compile(
    r"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}"
    r"|\d{4}-\d{2}-\d{2}T[\d:.]{8,20}(?:Z|[+-]\d{2}:\d{2})) "
    r"(?P<host>[A-Za-z][\w.-]{0,62}) [^\s:]{1,60}:"
)
_HOST = re.compile(
    rf"\b(?:host|hostname|server|upstream)[\"']?[=:] ?[\"']?(?P<key>{_NAME})(?=[\s\"',;:]|$)"
    rf"|\b[a-z]{{2,10}}://(?:[^\s/@]{{1,60}}@)?(?P<url>{_NAME})"
    r"|(?<![\w.@/-])(?P<port>[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,62}){1,6}):\d{2,5}\b"
)
_FILES = (
    ".java",
    ".py",
    ".js",
    ".ts",
    ".go",
    ".rb",
    ".php",
    ".cs",
    ".c",
    ".cpp",
    ".h",
    ".kt",
    ".scala",
    ".html",
    ".rs",
)


def find_versions(lines: Iterable[str]) -> tuple[str, ...]:
    """Return what runs in which version: "Python 3.11.4", "version 2.4.6"."""
    found: Counter[str] = Counter()
    for line in lines:
        if not _DOTTED.search(line):
            continue
        for match in _VERSION.finditer(line[:_CLIP]):
            name = match["named"] or match["agent"] or match["word"] or match["go"] or match["key"]
            number = match["a"] or match["b"] or match["c"] or match["d"] or match["e"]
            if name.lower() not in _NO_PRODUCT:
                found[f"{name} {number}"] += 1
    return tuple(name for name, _count in found.most_common(_MOST))


def find_hosts(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the machines that the log comes from or speaks of, by name; addresses are personal data."""
    found: Counter[str] = Counter()
    for line in lines:
        if sender := _SYSLOG_HOST.match(line):
            found[sender["host"]] += 1
        for match in _HOST.finditer(line[:_CLIP]):
            name = match["key"] or match["url"] or match["port"]
            if not name.endswith(_FILES):
                found[name] += 1
    return tuple(name for name, _count in found.most_common(_MOST))
