"""Which texts name an error, and that two reports of one error hold equal values."""

import pytest

from kb.signatures import SignatureKind, find_signatures, message_shape


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("SQLSTATE[42S02]: Base table or view not found", SignatureKind.CODE, "SQLSTATE[42S02]"),
        ("sqlstate: 42S02", SignatureKind.CODE, "SQLSTATE[42S02]"),
        ("failed with 0x80070005.", SignatureKind.CODE, "0x80070005"),
        ("failed with 0X80070005", SignatureKind.CODE, "0x80070005"),
        ("ORA-00942: table or view does not exist", SignatureKind.CODE, "ORA-00942"),
        ("spawn gs ENOENT", SignatureKind.CODE, "ENOENT"),
        ("net::ERR_CONNECTION_REFUSED", SignatureKind.CODE, "ERR_CONNECTION_REFUSED"),
        ("see CVE-2021-44228", SignatureKind.CODE, "CVE-2021-44228"),
        ("AADSTS50011 again", SignatureKind.CODE, "AADSTS50011"),
        ("mysql error 2006 has gone away", SignatureKind.CODE, "ERROR 2006"),
        ("it exits with exit code 255", SignatureKind.CODE, "ERROR 255"),
        ("HTTP 503", SignatureKind.HTTP, "HTTP 503"),
        ("HTTP/1.1 503 Service Unavailable", SignatureKind.HTTP, "HTTP 503"),
        ("a 404 not found page", SignatureKind.HTTP, "HTTP 404"),
        ("shows error 404", SignatureKind.HTTP, "HTTP 404"),
        ("java.lang.NullPointerException", SignatureKind.EXCEPTION, "nullpointerexception"),
        (r"Magento\Framework\Exception\LocalizedException", SignatureKind.EXCEPTION, "localizedexception"),
    ],
)
def test_codes_are_found_and_normalised(text: str, kind: SignatureKind, value: str) -> None:
    assert (kind, value) in {(found.kind, found.value) for found in find_signatures(text)}


@pytest.mark.parametrize(
    "text",
    [
        "UTF-8 and ISO-8859-1",
        "I ordered 500 items on 2024-05-17",
        "version 2.4.3",
        "SHA-256 of the file",
        "Nothing here",
    ],
)
def test_ordinary_words_and_numbers_are_not_errors(text: str) -> None:
    assert find_signatures(text) == ()


def test_two_occurrences_of_one_message_are_equal() -> None:
    one = find_signatures("PDOException: Table 'shop.orders_17' doesn't exist in /srv/a/b.php on line 12")
    two = find_signatures("PDOException: Table 'live.orders_9' doesn't exist in /var/www/x/y.php on line 340")
    messages = [{s.value for s in found if s.kind is SignatureKind.MESSAGE} for found in (one, two)]
    assert messages[0] == messages[1] != set()


def test_different_messages_stay_apart() -> None:
    assert message_shape("Table 'a' doesn't exist now") != message_shape("Column 'a' cannot be null now")


def test_places_are_those_of_the_text() -> None:
    text = "Then ORA-00942 came, and ORA-00942 again"
    (found,) = [s for s in find_signatures(text) if s.kind is SignatureKind.CODE]
    assert text[found.start : found.end] == "ORA-00942"
    assert found.start == text.index("ORA-00942")
