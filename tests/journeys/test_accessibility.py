"""Every kind of page, in both themes and at two widths, has no barrier that axe knows, and some that it does not.

Beyond axe: no sideways scrolling on a 320 px screen or with type twice as large, focus that can be seen, no motion for
those who asked for none, and controls that keep an edge where the system takes the colours.
"""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, Page, ViewportSize

from portal.environment import BASE_DIR
from tests.journeys.conftest import Sessions
from tests.journeys.pages import KINDS, NO_PAGE, Browsing, PageKind
from tests.running import RunningSite

pytestmark = pytest.mark.journey

AXE = (BASE_DIR / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text()
LEVEL_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
OTHERS = ("wagtail", "admin:")  # drawn by Wagtail and Django; the dashboard stands for them, listed apart

# Everything that axe can check; reported is what WCAG 2.2 AA demands, and whatever else it holds to be serious.
CHECK = """
async (level) => {
  const found = await axe.run(document, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}});
  return found.violations
    .filter(v => ["serious", "critical"].includes(v.impact) || v.tags.some(tag => level.includes(tag)))
    .map(v => `${v.id}: ${v.nodes.slice(0, 3).map(node => node.target.join(" ")).join(" | ")}`);
}
"""
CONTRAST = """
async () => (await axe.run(document, {runOnly: ["color-contrast", "link-in-text-block"]})).violations
  .map(v => `${v.id}: ${v.nodes.slice(0, 3).map(node => node.target.join(" ")).join(" | ")}`)
"""
SIDEWAYS = """
() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const over = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 1);
  return over.slice(-3).map(e => `${e.tagName}.${e.className}`);
}
"""
# Buttons and links whose words do not fit into them.
CUT_OFF = """
() => [...document.querySelectorAll("button, .button, .badge, label, summary")]
  .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflowX !== "visible"
    && getComputedStyle(e).textOverflow !== "ellipsis" && !e.classList.contains("visually-hidden"))
  .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`)
"""
FOCUS = """
() => {
  const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const unseen = [];
  for (const e of document.querySelectorAll(all)) {
    if (!e.checkVisibility() || e.disabled || e.tabIndex < 0) continue;
    e.focus({focusVisible: true});
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    if (document.activeElement !== e || (ring && box.width >= 2)) continue;
    unseen.push(`${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
  }
  return unseen;
}
"""
MOTION = """
() => [...document.querySelectorAll("*")].filter(e => {
  const style = getComputedStyle(e);
  return [style.transitionDuration, style.animationDuration].some(d => d.split(",").some(s => parseFloat(s) > 0))
    || style.scrollBehavior === "smooth";
}).map(e => `${e.tagName}.${e.className}`)
"""
EDGELESS = """
() => [...document.querySelectorAll(".button, input:not([type=hidden]), select, textarea")]
  .filter(e => e.checkVisibility() && !e.closest(".visually-hidden") && e.type !== "checkbox" && e.type !== "radio"
    && parseFloat(getComputedStyle(e).borderBottomWidth) < 1)
  .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`)
"""


@pytest.fixture
def page(browser: Browser, sessions: Sessions, running_site: RunningSite, kind: PageKind) -> Iterator[Page]:
    with Browsing(browser, sessions, running_site).page(kind) as opened:
        yield opened


def pages(*, ours: bool) -> pytest.MarkDecorator:
    chosen = [kind for kind in KINDS if kind.ours is ours]
    return pytest.mark.parametrize("kind", chosen, ids=[kind.name for kind in chosen])


SETTLED = """() => Promise.all(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity)
    .map(one => one.finished.catch(() => null))).then(() => null)"""


def barriers(page: Page) -> dict[str, list[str]]:
    """What bars somebody, by where it was met."""
    page.emulate_media(reduced_motion="reduce")  # a colour is measured where it ends, not on its way
    page.evaluate(AXE)
    wrong: dict[str, list[str]] = {}
    for name, size in (("wide", WIDE), ("phone", PHONE)):
        page.set_viewport_size(size)
        # At its end no bar that stays in sight lies over a button, which would count as one too small.
        page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        page.emulate_media(color_scheme="light")
        wrong[f"{name}, light"] = page.evaluate(CHECK, LEVEL_AA)
        page.emulate_media(color_scheme="dark")
        wrong[f"{name}, dark"] = page.evaluate(CONTRAST)  # the themes differ in colours alone
    page.emulate_media(color_scheme="light")
    wrong["moves all the same"] = page.evaluate(MOTION)
    page.emulate_media(forced_colors="active")
    wrong["has no edge in forced colours"] = page.evaluate(EDGELESS)
    page.emulate_media(forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 640})
    wrong["scrolls sideways at 320 px"] = page.evaluate(SIDEWAYS)
    page.set_viewport_size(WIDE)
    wrong["focus cannot be seen"] = page.evaluate(FOCUS)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    wrong["scrolls sideways with large type"] = page.evaluate(SIDEWAYS)
    wrong["cuts words off with large type"] = page.evaluate(CUT_OFF)
    return {where: what for where, what in wrong.items() if what}


@pages(ours=True)
def test_a_page_bars_nobody(page: Page, kind: PageKind) -> None:
    assert barriers(page) == {}


@pages(ours=False)
def test_the_editors_pages_have_no_barrier_beyond_those_that_wagtail_ships(page: Page, kind: PageKind) -> None:
    page.emulate_media(reduced_motion="reduce")  # as above
    page.evaluate(SETTLED)  # what was saved is told in a message that fades in
    page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CHECK, LEVEL_AA) == []


def named_routes() -> set[str]:
    """Every address of ours that has a name."""

    def walk(resolver: URLResolver, space: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield f"{space}{pattern.name}"

    return {name for name in walk(get_resolver(), "") if not name.startswith(OTHERS)}


def test_every_address_is_looked_at_or_said_not_to_be_a_page() -> None:
    covered = {route for kind in KINDS for route in kind.routes if not route.startswith(OTHERS)}
    assert named_routes() - covered - set(NO_PAGE) == set()
    assert (covered | set(NO_PAGE)) - named_routes() == set()
