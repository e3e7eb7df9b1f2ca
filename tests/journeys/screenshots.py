"""Takes a picture of every kind of page, at two widths and in both themes, into docs/screenshots/ (`make screenshots`).

The pages are those that the accessibility checks open, on a demo site of its own. Names given as arguments limit it to
those kinds. Pictures have a palette, so that all of them together stay small enough to live beside the code.
"""

import os
import sys
from io import BytesIO

from django.conf import settings
from django.test import override_settings
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

import tests.conftest  # noqa: F401 - the tests' own environment, before anything reads the settings
from portal.environment import BASE_DIR
from tests.journeys.conftest import ARGUMENTS, PATIENCE_MS, PROGRAM, Sessions
from tests.journeys.pages import KINDS, Browsing
from tests.running import forget_prepared_site, live_site

TARGET = BASE_DIR / "docs" / "screenshots"
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}
COLOURS = 64
PLAIN_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


def take(page: Page, name: str) -> None:
    """Four pictures of what the page shows."""
    page.emulate_media(reduced_motion="reduce")
    for width, size in SIZES.items():
        page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if theme == "light" else "dark")
            page.evaluate("document.fonts.ready")
            picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
            picture.quantize(COLOURS, dither=Image.Dither.NONE).save(
                TARGET / f"{name}-{width}-{theme}.png", optimize=True
            )


def main(names: list[str]) -> None:
    """Start a site, open every page, and let go of the pictures of pages that are no more."""
    TARGET.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    storages = {**settings.STORAGES, "staticfiles": PLAIN_FILES}
    with live_site() as site, sync_playwright() as playwright, override_settings(STORAGES=storages):
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        browsing = Browsing(browser, Sessions(browser, site), site)
        for kind in KINDS:
            if not names or kind.name in names:
                with browsing.page(kind) as page:
                    take(page, kind.name)
                sys.stderr.write(f"{kind.name}\n")
        browser.close()
    known = {f"{kind.name}-{width}-{theme}.png" for kind in KINDS for width in SIZES for theme in ("light", "dark")}
    for path in TARGET.glob("*.png"):
        if path.name not in known:
            path.unlink()
    if os.environ["HANDRAIL_TEST_RUN"] == str(os.getpid()):
        forget_prepared_site()
    size = sum(path.stat().st_size for path in TARGET.glob("*.png"))
    sys.stdout.write(f"{len(known)} pictures, {size / 1e6:.1f} MB, in {TARGET.relative_to(BASE_DIR)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
