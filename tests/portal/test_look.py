"""What every page keeps: contrast in both themes, and nothing inline that the content policy would refuse."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parents[2] / "portal"
STYLESHEET = (PORTAL / "static/portal/handrail.css").read_text()
TEMPLATES = [path for path in sorted((PORTAL / "templates").rglob("*.html")) if "mail" not in path.parts]
PAIR = re.compile(r"--color-([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
TOKENS = {name: (light, dark) for name, light, dark in PAIR.findall(STYLESHEET)}

TEXT = [
    (ink, ground)
    for ink in ("text", "muted", "accent", "accent-strong", "warn", "danger")
    for ground in ("paper", "surface", "sunk")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-danger", "danger"),
    ("text", "accent-soft"),
    ("accent-strong", "accent-soft"),
    ("accent", "accent-soft"),
    ("warn", "warn-soft"),
    ("muted", "warn-soft"),
    ("danger", "danger-soft"),
    ("text", "mark"),
]
EDGES = [("edge", ground) for ground in ("paper", "surface", "sunk")] + [("accent", "paper"), ("accent", "surface")]


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_has_the_contrast_of_aa(ink: str, ground: str, theme: int) -> None:
    assert _contrast(TOKENS[ink][theme], TOKENS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), EDGES)
def test_edges_of_controls_and_the_focus_ring_can_be_seen(line: str, ground: str, theme: int) -> None:
    assert _contrast(TOKENS[line][theme], TOKENS[ground][theme]) >= 3


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(PORTAL / "templates").as_posix())
def test_templates_hold_nothing_inline(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"https?://", text)


def test_the_stylesheet_uses_no_colour_but_its_tokens() -> None:
    rules = STYLESHEET[STYLESHEET.index("/* 2. Ground") :]
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb\(", rules)


def test_every_token_that_is_used_is_defined() -> None:
    used = set(re.findall(r"var\(--([a-z0-9-]+)", STYLESHEET))
    assert used <= set(re.findall(r"^\s+--([a-z0-9-]+):", STYLESHEET, re.MULTILINE))


def test_motion_is_for_those_who_want_it() -> None:
    outside = re.sub(r"@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}", "", STYLESHEET, flags=re.DOTALL)
    assert "transition:" not in outside
    assert "animation:" not in outside
