"""An article as a browser takes it: its data is no script to it, and its paper is for reading, not for pressing."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import NewPage
from tests.running import RunningSite

pytestmark = pytest.mark.journey


REFUSED = "window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective))"
DATA = "[...document.querySelectorAll('script[type=\"application/ld+json\"]')].flatMap(s => JSON.parse(s.textContent))"
RUN = "document.head.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"


def open_article(page: Page, site: RunningSite) -> None:
    address = site.value("SELECT url_path FROM wagtailcore_page WHERE slug LIKE 'hf-2104%%' AND live LIMIT 1")
    page.goto(f"{site.address}{address}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("HF-2104")


def test_its_data_is_read_and_the_strict_policy_refuses_what_runs_alone(
    running_site: RunningSite, browser: Browser
) -> None:
    page = browser.new_page()
    page.add_init_script(REFUSED)
    open_article(page, running_site)
    data = page.evaluate(DATA)
    assert [facts["@type"] for facts in data] == ["TechArticle", "BreadcrumbList"]
    assert data[0]["url"] == page.locator("link[rel=canonical]").get_attribute("href")
    assert page.evaluate("refused") == []
    page.evaluate(RUN)
    assert page.evaluate("[window.ran ?? null, refused]") == [None, ["script-src-elem"]]
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_paper_stands_the_text_and_whose_it_is(running_site: RunningSite, new_page: NewPage, theme: str) -> None:
    page = new_page()
    open_article(page, running_site)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    page.set_viewport_size({"width": 660, "height": 930})
    page.emulate_media(media="print")
    for shown in ("Written by", "reviewed", "holdfast unlock", "From Handrail: http"):
        expect(page.get_by_text(shown).first).to_be_visible()
    for gone in (".site-header", ".site-footer", ".trail", ".article-contents", ".article__foot", ".code__copy"):
        expect(page.locator(gone).first).to_be_hidden()
    wide = "[...document.querySelectorAll('.article-body pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(wide) == 0
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    link = page.locator(".article-body a[href^='/']").first
    address = link.evaluate("a => getComputedStyle(a, '::after').content")
    assert "/articles/" in address
