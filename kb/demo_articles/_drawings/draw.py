"""Draws the demo's pictures from pictures.html at twice their size: `python kb/demo_articles/_drawings/draw.py`.

For whoever changes an article's picture; nothing runs it by itself. Needs Playwright and Chromium, as the journeys do.
"""

import shutil
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
COLOURS = 96


def draw() -> None:
    """Write each figure of the page as a PNG of few colours below its section's `pictures`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 800, "height": 1000}, device_scale_factor=2)
        page.goto((HERE / "pictures.html").as_uri())
        for figure in page.locator("figure").all():
            section, name = str(figure.get_attribute("id")).split("/")
            file = HERE.parent / section / "pictures" / f"{name}.png"
            file.parent.mkdir(exist_ok=True)
            with Image.open(BytesIO(figure.screenshot())) as image:
                image.convert("RGB").quantize(COLOURS).save(file, optimize=True)
        browser.close()


if __name__ == "__main__":
    draw()
