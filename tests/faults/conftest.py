"""People without a browser, for the fault tests: they fill in the real form over HTTP."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from tests.running import RunningSite

HIDDEN = re.compile(r'<input type="hidden" name="(csrfmiddlewaretoken|filing_key)" value="([^"]+)"')
NUMBER = re.compile(r"[Rr]equest #(\d+)")


@dataclass(frozen=True)
class Answer:
    """What the site said."""

    status: int
    text: str
    url: str


class Caller:
    """Somebody with a browser that runs no scripts, at an address."""

    def __init__(self, address: str, *, secure_protocols: tuple[str, ...] = ("https", "wss")) -> None:
        self.address = address
        self.headers: dict[str, str] = {}
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=secure_protocols)
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy))
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> Answer:
        return self._send(urllib.request.Request(f"{self.address}{path}"))

    def post(self, path: str, **fields: str) -> Answer:
        body = urllib.parse.urlencode(fields).encode()
        return self._send(urllib.request.Request(f"{self.address}{path}", data=body))

    def _send(self, request: urllib.request.Request) -> Answer:
        for name, value in self.headers.items():
            request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=90) as answer:
                return Answer(answer.status, answer.read().decode(), answer.geturl())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(errors="replace"), error.url or "")

    def form(self) -> dict[str, str]:
        """The request form's hidden fields."""
        page = self.get("/requests/new/")
        assert page.status == 200, page.text[:2000]
        return dict(HIDDEN.findall(page.text))

    def ask(self, form: dict[str, str], subject: str, text: str = "", **fields: str) -> Answer:
        """Send the form, or with `action="suggest"` press the button beside it."""
        words = {"subject": subject, "message": text or f"{subject}: since this morning.", "name": "Fay"}
        return self.post("/requests/new/", **{**form, **words, "email": "fay@example.org", **fields})

    def suggestions(self, form: dict[str, str], text: str) -> Answer:
        """What stands beside the form as somebody types."""
        return self.post("/requests/suggestions/", csrfmiddlewaretoken=form["csrfmiddlewaretoken"], message=text)


class Visitor(Caller):
    """Somebody in front of a running site."""

    def __init__(self, site: RunningSite) -> None:
        super().__init__(site.address)
        self.site = site


def file_request(site: RunningSite, subject: str, text: str = "") -> int:
    """File by the form, without an account; returns the request's number."""
    visitor = Visitor(site)
    return number_of(visitor.ask(visitor.form(), subject, text))


def number_of(receipt: Answer) -> int:
    """The number on the page that says that a request has arrived."""
    assert receipt.status == 200, receipt.text[:2000]
    assert "/receipt/" in receipt.url
    found = NUMBER.search(receipt.text)
    assert found is not None
    return int(found.group(1))
