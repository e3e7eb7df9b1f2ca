"""What leads out of the site is seen in every shape that a reader or a mail program would follow."""

import pytest
from pytest_django import Settings

from triage.outward import AllowList, allow_list, find_outward, foreign_to
from triage.pipeline import site_allow_list

OURS = allow_list(["https://help.acme.com/start", "docs.acme.com:8443", "help@acme.com", "+1 (202) 555-0143"])


@pytest.mark.parametrize(
    "text",
    [
        "Open https://evil.com/reset now.",
        "open HTTPS://EVIL.COM",
        "Open ftp://evil.com and evil+ssh://evil.com",
        "see www.evil.com",
        "git clone https://example.com/a.git",
        "see evil.com.",
        "see evil.com/reset",
        "see evil.sh/reset",
        "see //evil.com/a",
        r"see \\evil.com\share",
        "hxxps://evil[.]com",
        "evil [dot] com",
        "write to mallory@evil.com",
        "write to mallory [at] evil.com",
        "mailto:mallory",
        "javascript:alert(1)",
        "data:text/html;base64,PGI+",
        "call +49 30 901820",
        "pay to DE89 3704 0044 0532 0130 00",
        "txt.\u202eexe.live//:sptth\u202c",
        "ev\u200bil.com",
        "https://help.acme.com.evil.com/",
        "https://help.acme.com@evil.com/",
        r"https://evil.com\@help.acme.com/",
        "https://evil.com%2f.help.acme.com/",
        "https://help.аcme.com/",  # a Cyrillic letter
        "https://nothelp.acme.com/",
        "http://10.0.0.1/setup",
        "https://[::1/",
    ],
)
def test_what_leads_out_is_foreign(text: str) -> None:
    assert foreign_to(text, OURS), text


@pytest.mark.parametrize(
    "text",
    [
        "Open https://help.acme.com/articles/export/?a=1 now.",
        "Open https://HELP.acme.com./x",
        "see docs.acme.com/a and v2.docs.acme.com",
        "write to Help@acme.com",
        "call +1 202 555 0143",
        "Open http://localhost:9200/_cat and https://box.local, curl http://127.0.0.1:8080/a",
        "curl http://elasticsearch.internal:9200/",
        "Adobe Commerce 2.4.3-p1, 2.1.11-2.1.18 and 10.12.14.1",
        "Run bin/magento setup:upgrade in app/etc/env.php, then cat var/log/system.log",
        "app/code/Acme/Foo.php(12): SQLSTATE[42S02] ORA-00942 0x80070005",
        "ASP.NET and Node.js, read.me, setup.sh, README.md",
        "commit 53aa51172d142c89d9012cce15ae4d6cc0ca6895 of 2024-05-17 12:31:07",
        "Note: this holds. data: none. Tools > Export queue",
        "nginx -t /etc/nginx/conf.d/site.conf",
        "com.acme.Exporter.run(Exporter.java:71) and java.net.SocketException",
        "zero\u200bwidth in a word",
    ],
)
def test_what_stays_at_home_is_not(text: str) -> None:
    assert foreign_to(text, OURS) == (), text


def test_an_empty_list_allows_nobody() -> None:
    assert foreign_to("https://help.acme.com", AllowList())
    assert foreign_to("https://help.acme.com", allow_list(["", "  "]))


def test_a_text_of_a_hundred_kilobytes_is_read_in_time() -> None:
    assert len(find_outward("a." * 20_000 + "see evil.com " * 3_000 + "@" * 10_000)) >= 3_000


def test_what_the_sites_own_sign_off_names_is_the_sites(settings: Settings) -> None:
    sign_off = "Acme support, www.acme.com, help@acme.com, +1 202 555 0143"
    assert foreign_to(sign_off, site_allow_list())
    settings.HANDRAIL_DRAFT_SIGN_OFF = sign_off
    assert foreign_to(sign_off, site_allow_list()) == ()
    assert foreign_to("www.evil.com", site_allow_list())
