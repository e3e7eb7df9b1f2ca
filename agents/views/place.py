"""A rep's place in the queue: the filter and page they came from, and which requests stood on it, in a cookie.

It holds numbers and the page's own address, grants nothing, and is read strictly: anything else counts as no place.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

COOKIE = "handrail_queue"
MOST_QUERY = 1_500
_VALUE = re.compile(r"([!-~]{0,1500})\|((?:\d{1,17}(?:-\d{1,17})*)?)", re.ASCII)


@dataclass(frozen=True)
class Place:
    """The page of the queue that the rep saw last."""

    query: str = ""
    numbers: tuple[int, ...] = ()

    @property
    def queue_url(self) -> str:
        return reverse("agents:queue") + (f"?{self.query}" if self.query else "")

    def back_to(self, number: int) -> str:
        """The page with this request's line in view."""
        return f"{self.queue_url}#ticket-{number}" if number in self.numbers else self.queue_url

    def next_after(self, number: int) -> int | None:
        """The request that stood below this one; None at the end of the page or when it was opened from elsewhere."""
        if number not in self.numbers:
            return None
        following = self.numbers[self.numbers.index(number) + 1 :]
        return following[0] if following else None


def read_place(request: HttpRequest) -> Place:
    """The place that this browser keeps."""
    found = _VALUE.fullmatch(request.COOKIES.get(COOKIE, ""))
    if found is None:
        return Place()
    return Place(found.group(1), tuple(int(number) for number in found.group(2).split("-") if number))


def keep_place(response: HttpResponse, *, query: str, numbers: list[int]) -> None:
    """Remember this page of the queue for as long as the browser is open."""
    value = f"{query if len(query) <= MOST_QUERY else ''}|{'-'.join(str(number) for number in numbers)}"
    response.set_cookie(
        COOKIE,
        value,
        path=reverse("agents:queue"),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
