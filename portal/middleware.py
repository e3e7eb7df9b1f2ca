"""What every request carries: the audiences its reader belongs to, a content policy, and whether engines may list it.

Audiences are looked up only when a page asks, so that a page which needs none costs no query.
"""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from portal.permissions import PUBLIC, audiences_for

GetResponse = Callable[[HttpRequest], HttpResponse]
EDITORS_PATH = "/cms/"
# Pages that a search engine may show to anybody; a new page is none of them until it is named here.
FINDABLE = frozenset({"portal:home", "portal:file_ticket", "kb:search", "wagtail_serve", "media"})


class AddressBehindProxy:
    """Makes REMOTE_ADDR the address that the proxy in front saw: limits would count all customers as one otherwise.

    Only the last entry is the proxy's own; those before it are whatever the visitor wrote.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if seen := request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip():
            request.META["REMOTE_ADDR"] = seen
        return self.get_response(request)


class Audiences:
    """Sets `request.audiences`, the opaque keys that kb checks articles against.

    A page that asked for them, and got more than everybody's, may hold what is not for everybody: nobody keeps it, not
    even the reader's own browser, where it would be read after signing out.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked: list[frozenset[str]] = []

        def look_up() -> frozenset[str]:
            asked.append(audiences_for(request.user))
            return asked[0]

        request.audiences = SimpleLazyObject(look_up)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if any(audiences - {PUBLIC} for audiences in asked):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class KeepOutOfEngines:
    """Tells search engines to list nothing but `FINDABLE` pages; a view among those may still refuse for itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        named = request.resolver_match.view_name if request.resolver_match else ""
        if named not in FINDABLE:
            response.headers.setdefault("X-Robots-Tag", "noindex")
        return response


class ContentSecurityForEditors:
    """Lets Wagtail's own pages run the inline scripts of their pickers; every other page stays strict."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(EDITORS_PATH):
            inline = [SELF, UNSAFE_INLINE]
            response._csp_update = {  # type: ignore[attr-defined]
                "script-src": inline,
                "style-src": inline,
                "img-src": ["blob:"],
            }
        return response
