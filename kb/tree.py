"""The tree that articles hang in: one home section at the site's root, sections below it, one for each imported folder.

Idempotent: what exists is found by what made it (its source) or by its address, never made twice.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.models import Page, Site

from kb.models import ArticleIndexPage

HOME_SLUG = "articles"
SLUG_LENGTH = 120


@transaction.atomic
def ensure_home() -> ArticleIndexPage:
    """The section at the root of the default site; the page that a new Wagtail brings along is taken away."""
    root = Page.get_first_root_node()
    if root is None:
        root = Page.add_root(title="Root", slug="root")
    home: ArticleIndexPage | None = ArticleIndexPage.objects.child_of(root).order_by("path").first()
    if home is None:
        home = root.add_child(instance=ArticleIndexPage(title=_("Articles"), slug=HOME_SLUG))
    _point_site_at(home)
    for welcome in Page.objects.child_of(root).exact_type(Page).filter(numchild=0, slug="home"):
        welcome.delete()
    return home


def _point_site_at(home: ArticleIndexPage) -> None:
    """The default site answers at this address, and has a name: editors would be greeted by its host otherwise."""
    address = urlsplit(settings.WAGTAILADMIN_BASE_URL)
    port = address.port or (443 if address.scheme == "https" else 80)
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    name = site.site_name or settings.HANDRAIL_NAME
    wanted = {"hostname": address.hostname or "localhost", "port": port, "root_page_id": home.pk, "site_name": name}
    if site.pk is None or any(getattr(site, field) != value for field, value in wanted.items()):
        for field, value in wanted.items():
            setattr(site, field, value)
        site.save()


def ensure_section(
    parent: ArticleIndexPage, *, title: str, source_name: str = "", source_path: str = ""
) -> ArticleIndexPage:
    """The section below `parent` that this source made, or one at the same address, or a new one."""
    below = ArticleIndexPage.objects.child_of(parent)
    slug = slugify(title)[:SLUG_LENGTH] or "section"
    found: ArticleIndexPage | None = None
    if source_name:
        found = below.filter(source_name=source_name, source_path=source_path).first()
    found = found or below.filter(slug=slug).first()
    if found is not None:
        return found
    section = ArticleIndexPage(
        title=title, slug=free_slug(parent, slug), source_name=source_name, source_path=source_path
    )
    created: ArticleIndexPage = parent.add_child(instance=section)
    return created


def free_slug(parent: Page, wanted: str) -> str:
    """`wanted`, or `wanted-2`, ... : an address nothing else below `parent` has."""
    base = slugify(wanted)[:SLUG_LENGTH] or "article"
    taken = set(Page.objects.child_of(parent).filter(slug__startswith=base).values_list("slug", flat=True))
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
