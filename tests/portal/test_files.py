"""Files: what they are by their own bytes, what they are called, and that accepted ones outlive a refused form."""

import gzip
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone

from portal import ratelimit, staging
from portal.filetypes import clean_name, sniff_type
from portal.models import Attachment, RateCounter, Ticket
from portal.views import files
from tests.conftest import Site
from tests.factories import make_ticket

URL = reverse("portal:file_ticket")
STRANGER = {"subject": "Backups stop", "message": "At 40 percent.", "email": "mara@example.org"}


@pytest.mark.parametrize(
    ("head", "content_type"),
    [
        (b"ERROR 17\r\n\x1b[31mred", "text/plain"),
        ("Größe".encode(), "text/plain"),
        ("UTF-16 \u2026".encode("utf-16"), "text/plain"),
        (b"<script>alert(1)</script>", "text/plain"),
        (gzip.compress(b"x", mtime=0), "application/gzip"),
        (b"PK\x03\x04...", "application/zip"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"MZ\x90\x00\x03", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_type_is_read_from_the_bytes(head: bytes, content_type: str) -> None:
    assert sniff_type(head) == content_type


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Bericht März (2).log", "Bericht März (2).log"),
        ("تقرير.log", "تقرير.log"),
        ("C:\\logs\\agent.log", "agent.log"),
        ("../../etc/passwd", "passwd"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a\x00b\n.log", "ab.log"),
        ("...", "file"),
        ("\u200b", "file"),
        ("", "file"),
    ],
)
def test_a_name_is_kept_as_its_owner_knows_it_but_for_tricks(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = clean_name("x" * 400 + ".tar.gz")
    assert len(name) == 255
    assert name.endswith(".gz")


@pytest.mark.django_db
class TestKeeping:
    def _kept(self, page: str) -> list[str]:
        return re.findall(r'name="kept" value="([^"]+)"', page)

    @override_settings(HANDRAIL_ATTACHMENT_BYTES=4, HANDRAIL_ATTACHMENTS_PER_MESSAGE=3)
    def test_each_refused_file_is_named_and_the_accepted_ones_go_with_the_next_try(self, client: Client) -> None:
        key = {"filing_key": str(uuid.uuid4())}
        sent = [
            SimpleUploadedFile("big.log", b"12345"),
            SimpleUploadedFile("ok.log", b"1"),
            SimpleUploadedFile("e", b""),
        ]
        refused = client.post(URL, {**STRANGER, **key, "attachments": sent})
        page = refused.content.decode()
        assert refused.status_code == 422
        assert "“big.log” is 5" in page
        assert "“e” is empty" in page
        assert "At 40 percent." in page
        (token,) = self._kept(page)
        for _ in range(2):
            again = {**STRANGER, **key, "kept": token, "attachments": SimpleUploadedFile("b.log", b"22")}
            assert client.post(URL, again).status_code == 302
        assert Ticket.objects.count() == 1
        assert [(file.name, file.open().read()) for file in Attachment.objects.all()] == [
            ("ok.log", b"1"),
            ("b.log", b"22"),
        ]

    @override_settings(HANDRAIL_ATTACHMENTS_PER_MESSAGE=2)
    def test_the_ones_too_many_are_named_and_the_kept_count(self, client: Client) -> None:
        sent = [SimpleUploadedFile(f"{n}.log", b"1") for n in range(3)]
        page = client.post(URL, {**STRANGER, "attachments": sent}).content.decode()
        assert "“2.log” is one too many" in page
        kept = self._kept(page)
        assert len(kept) == 2
        page = client.post(
            URL, {**STRANGER, "kept": kept, "attachments": SimpleUploadedFile("c", b"1")}
        ).content.decode()
        assert "“c” is one too many" in page
        assert client.post(URL, {**STRANGER, "kept": kept[:1]}).status_code == 302
        assert Attachment.objects.get().name == "0.log"

    def test_any_other_error_keeps_them_too_and_so_does_asking_for_articles(self, client: Client) -> None:
        file = SimpleUploadedFile("ok.log", b"1")
        assert len(self._kept(client.post(URL, {**STRANGER, "email": "", "attachments": file}).content.decode())) == 1
        file.seek(0)
        asked = client.post(URL, {"subject": "Backups", "action": "suggest", "attachments": file})
        page = asked.content.decode()
        assert asked.status_code == 200
        assert len(self._kept(page)) == 1
        assert "field__error" not in page

    @pytest.mark.parametrize("token", ["forged", "a:b:c"])
    def test_a_forged_token_brings_nothing(self, client: Client, token: str) -> None:
        assert client.post(URL, {**STRANGER, "kept": token}).status_code == 302
        assert not Attachment.objects.exists()

    def test_a_file_put_aside_has_no_address(self, client: Client) -> None:
        page = client.post(URL, {"email": "", "attachments": SimpleUploadedFile("ok.log", b"1")}).content.decode()
        (kept,) = staging.find(self._kept(page))
        assert client.get(f"/media/{kept.storage_name}").status_code == 404

    def test_beyond_what_a_person_needs_files_are_asked_for_again(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "ASIDE_PER_TEN_MINUTES", 0)
        page = client.post(URL, {"email": "", "attachments": SimpleUploadedFile("ok.log", b"1")}).content.decode()
        assert self._kept(page) == []
        assert "choose these files again" in page
        assert "ok.log" in page

    def test_a_refused_reply_keeps_them_as_well(self, client: Client) -> None:
        ticket = make_ticket()
        client.force_login(ticket.requester)
        url = reverse("portal:reply", args=[ticket.reference])
        page = client.post(url, {"message": "", "attachments": SimpleUploadedFile("ok.log", b"1")}).content.decode()
        (token,) = self._kept(page)
        assert client.post(url, {"message": "Here.", "kept": token}).status_code == 302
        assert Attachment.objects.get().name == "ok.log"

    def test_a_type_is_sniffed_whatever_the_sender_claims(self, client: Client) -> None:
        liar = SimpleUploadedFile("x.png", b"<html>", content_type="image/png")
        client.post(URL, {**STRANGER, "attachments": liar})
        assert Attachment.objects.get().content_type == "text/plain"


def test_files_nobody_sent_again_are_deleted_and_young_ones_stay() -> None:
    old = staging.keep([SimpleUploadedFile("old", b"1")])[0]
    young = staging.keep([SimpleUploadedFile("young", b"1")])[0]
    root = Path(storages["attachments"].path(staging.FOLDER))
    (root / "2020-01-01").mkdir()
    Path(storages["attachments"].path(old.storage_name)).rename(root / "2020-01-01" / "old")
    assert staging.prune() == 1
    assert not (root / "2020-01-01").exists()
    assert staging.find([young.token]) == [young]
    assert staging.prune() == 0


def test_counters_that_are_over_are_forgotten_by_the_worker(site: Site) -> None:
    assert ratelimit.hit("now", limit=1, seconds=60)
    RateCounter.objects.create(key="old", window=timezone.now() - timedelta(days=3), count=1)
    with site.as_role("worker"):
        assert ratelimit.prune() == 1
        assert ratelimit.prune() == 0
    assert RateCounter.objects.count() == 1
    assert not ratelimit.hit("now", limit=1, seconds=60)
