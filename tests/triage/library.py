"""A small library of articles to triage against, imported and indexed as a site does it."""

from pathlib import Path

from django.core.management import call_command

from kb.models import ArticlePage
from kb.retrieval.indexing import index_article
from tests.conftest import Site

EXPORT = """---
title: Nightly export stops after one hundred orders
---
The nightly export stops after one hundred orders when the export queue is full.

## Affected versions

* Export module 3.1.0

## Issue

The export job ends early and the log shows `EXP-4711: queue is full`.

## Cause

The queue keeps finished jobs until somebody clears it.

## Solution

1. Open **Tools** > **Export queue**.
2. Press **Clear finished jobs**.
3. Run the following command:

   ```bash
   bin/export run --resume
   ```

The next export then goes through all orders.

## Related reading

* Export basics
"""

THEME = """---
title: Change the colours of the storefront theme
---
You can change the colours of the storefront in the theme editor.

## Steps

1. Open the theme editor.
2. Choose a palette and press **Save**.
"""

STAFF_ONLY = """---
title: Raise the export queue limit for a customer
audience: staff
---
Staff may raise the export queue limit when the nightly export stops after one hundred orders.

## Solution

Set the limit to five hundred in the back office.
"""

LIBRARY = {"export.md": EXPORT, "theme.md": THEME, "staff.md": STAFF_ONLY}


def stock(site: Site, folder: Path, articles: dict[str, str] | None = None) -> None:
    """Import the articles and index them, as the worker does."""
    write_library(folder, articles)
    call_command("import_articles", str(folder), verbosity=0)
    reindex(site)


def write_library(folder: Path, articles: dict[str, str] | None = None) -> None:
    for name, text in (articles or LIBRARY).items():
        (folder / name).write_text(text)


def reindex(site: Site) -> None:
    with site.as_role("worker"):
        for article_id in ArticlePage.objects.values_list("pk", flat=True):
            index_article(article_id)
