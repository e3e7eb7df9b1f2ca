"""What the text of one article points at, looked up together: Wagtail asks anew for each paragraph and each picture.

A link to what its reader may not read is shown as its words alone, for an address is made of a title. Who may have a
picture is decided where it is served.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Left, Length
from django.http import HttpRequest
from django.utils.html import escape
from django.utils.safestring import SafeString
from wagtail.blocks import StreamValue
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage as Image
from wagtail.images.models import AbstractRendition as Rendition
from wagtail.images.shortcuts import get_rendition_or_not_found
from wagtail.models import Page, PageViewRestriction
from wagtail.rich_text import expand_db_html
from wagtail.rich_text.rewriters import FIND_A_TAG, extract_attrs

PICTURE = "max-1344x1344"
"""The size in which an article shows a picture."""


def picture(image: Image) -> Rendition:
    rendition: Rendition = get_rendition_or_not_found(image, PICTURE)
    return rendition


@dataclass(frozen=True)
class References:
    """The addresses of pages by their number as links write it, and the renditions of pictures by their image."""

    addresses: Mapping[str, str]
    renditions: Mapping[int, list[Rendition]]

    def picture(self, image: Image) -> Rendition:
        """The picture in the size that articles show; made now if nobody saw it before."""
        image.prefetched_renditions = self.renditions.get(image.pk, [])
        return picture(image)

    def html(self, source: str) -> SafeString:
        """Rich text as a reader's browser takes it; a link to a page that is gone keeps its words alone."""
        return SafeString(expand_db_html(FIND_A_TAG.sub(self._opening_tag, source)))

    def _opening_tag(self, found: re.Match[str]) -> str:
        attributes = extract_attrs(found[1])
        if attributes.get("linktype") != "page":
            return found[0]
        address = self.addresses.get(attributes.get("id", ""))
        return f'<a href="{escape(address)}">' if address else "<a>"


def references_in(body: StreamValue, request: HttpRequest, audiences: frozenset[str]) -> References:
    """Two queries for however many links and pictures, and none where there are none. `audiences`: the reader's."""
    images = get_image_model()
    wanted: dict[type, set[int]] = {Page: set(), images: set()}
    for model, pk, *_places in body.stream_block.extract_references(body):
        if model in wanted and str(pk).isdecimal():
            wanted[model].add(int(pk))
    closed = PageViewRestriction.objects.filter(page__path=Left(OuterRef("path"), Length("page__path")))
    for_reader = Q(articlepage=None) | Q(articlepage__audience__in=audiences)
    pages = Page.objects.live().filter(for_reader, ~Exists(closed), pk__in=wanted[Page]).only("url_path")
    renditions: dict[int, list[Rendition]] = {pk: [] for pk in wanted[images]}
    for rendition in images.get_rendition_model().objects.filter(image__in=renditions, filter_spec=PICTURE):
        renditions[rendition.image_id].append(rendition)
    return References({str(page.pk): page.get_url(request) or "" for page in pages}, renditions)
