"""Macros: filled in from a closed set, looked after by leads or by their owner, and words of the rep once inserted."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.actions.compositions import use_macro
from agents.actions.macros import save_macro, set_macro_active
from agents.errors import MacroGoneError, MacroRefusedError
from agents.macros import macros_for
from agents.models import Composition, Macro
from agents.placeholders import Values, fill, unknown_placeholders
from portal.actions.tickets import set_category
from portal.errors import NotAllowedError
from portal.models import AuditEvent, Organisation, User
from tests.agents.conftest import Desk
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user, sign_in
from triage.choices import NextStepKind
from triage.models import NextStep

TEXT = "Hello {requester}, about #{number}."
VALUES = Values(requester="Cora", number=12, subject="Backups {rep} stop", rep="Rita")


def _macro(actor: User, name: str = "Greeting", text: str = TEXT, *, for_everybody: bool = True) -> Macro:
    return save_macro(actor=actor, name=name, text=text, category=None, for_everybody=for_everybody)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {requester}!", "Hello Cora!"),
        ("#{number}: {subject}", "#12: Backups {rep} stop"),
        ("{rep}{rep}", "RitaRita"),
        ("{unknown} {} { rep } {1}", "{unknown} {} { rep } {1}"),
        ('{"json": 1}', '{"json": 1}'),
    ],
)
def test_placeholders_are_filled_in_one_pass(text: str, filled: str) -> None:
    assert fill(text, VALUES) == filled


def test_names_that_stand_for_nothing_are_told() -> None:
    assert unknown_placeholders("{rep} {nmae} {number} {nmae} {Rep}") == ["nmae", "Rep"]


def test_a_lead_makes_changes_and_retires_a_macro_for_everybody(desk: Desk) -> None:
    lead = make_rep("Lena", lead=True)
    client, category = sign_in(lead, Client()), make_category()
    made = client.post(
        reverse("agents:new_macro"),
        {"name": " Ask  again ", "text": "Hi {requester}", "category": category.pk, "who": "all"},
    )
    assert made.status_code == 302
    macro = Macro.objects.get()
    assert (macro.name, macro.owner, macro.category, macro.changed_by) == ("Ask again", None, category, lead)
    client.post(reverse("agents:edit_macro", args=[macro.pk]), {"name": "Ask", "text": "Hello", "who": "all"})
    macro.refresh_from_db()
    assert (macro.name, macro.text, macro.category) == ("Ask", "Hello", None)
    client.post(reverse("agents:macro_active", args=[macro.pk]))
    assert not Macro.objects.get().is_active
    assert "out of use" in client.get(reverse("agents:macros")).content.decode()
    assert "Ask</option>" not in desk.open().content.decode()
    client.post(reverse("agents:macro_active", args=[macro.pk]), {"active": "yes"})
    assert "Ask</option>" in desk.open().content.decode()
    verbs = AuditEvent.objects.filter(actor=lead, verb__startswith="macro.").values_list("verb", flat=True)
    assert list(verbs) == ["macro.created", "macro.changed", "macro.retired", "macro.restored"]


def test_a_rep_looks_after_their_own_macros_alone(desk: Desk) -> None:
    lead, other = make_rep("Lena", lead=True), make_rep("Olga")
    shared, theirs = _macro(lead), _macro(other, "Private", for_everybody=False)
    for macro in (shared, theirs):
        with pytest.raises(NotAllowedError):
            save_macro(actor=desk.rep, macro=macro, name="x", text="y", category=None, for_everybody=False)
        with pytest.raises(NotAllowedError):
            set_macro_active(actor=desk.rep, macro=macro, is_active=False)
        for name in ("edit_macro", "macro_active"):
            assert desk.client.post(reverse(f"agents:{name}", args=[macro.pk]), {"name": "x"}).status_code == 404
    with pytest.raises(NotAllowedError):
        _macro(desk.rep)
    assert desk.client.post(reverse("agents:new_macro"), {"name": "x", "text": "y", "who": "all"}).status_code == 422
    page = desk.client.get(reverse("agents:macros")).content.decode()
    assert "Greeting" in page
    assert "Private" not in page
    assert reverse("agents:edit_macro", args=[shared.pk]) not in page
    assert desk.client.post(reverse("agents:new_macro"), {"name": "Mine", "text": "y", "who": "own"}).status_code == 302
    assert Macro.objects.get(name="Mine").owner == desk.rep


def test_a_lead_does_not_touch_what_a_rep_keeps_for_themselves(desk: Desk) -> None:
    own = _macro(desk.rep, "Mine", for_everybody=False)
    with pytest.raises(NotAllowedError):
        set_macro_active(actor=make_rep("Lena", lead=True), macro=own, is_active=False)


def test_a_customer_makes_no_macro(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        _macro(desk.ticket.requester, for_everybody=False)


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("", "x", "name"),
        ("n" * 81, "x", "name"),
        ("n", " \n", "text"),
        ("n", "x" * 10_001, "text"),
        ("n", "{nmae}", "text"),
    ],
)
def test_what_cannot_be_a_macro_is_refused_beside_its_field(desk: Desk, name: str, text: str, field: str) -> None:
    lead = make_rep("Lena", lead=True)
    with pytest.raises(MacroRefusedError) as refused:
        _macro(lead, name, text)
    assert refused.value.field == field
    page = sign_in(lead, Client()).post(reverse("agents:new_macro"), {"name": name, "text": text, "who": "all"})
    assert page.status_code == 422
    assert "field--error" in page.content.decode()
    assert not Macro.objects.exists()


def test_a_name_is_used_once_whatever_its_case(desk: Desk) -> None:
    lead = make_rep("Lena", lead=True)
    _macro(lead)
    with pytest.raises(MacroRefusedError):
        _macro(lead, "GREETING")
    assert _macro(lead, "Greeting", for_everybody=False).owner == lead, "one's own may bear the same name"


def test_a_macro_is_added_to_the_kept_words_without_scripts(desk: Desk) -> None:
    macro = _macro(make_rep("Lena", lead=True))
    desk.post("use_macro", text="Good morning!", note="", macro=macro.pk)
    assert Composition.objects.get().text == f"Good morning!\n\nHello Cora, about #{desk.ticket.pk}."
    assert AuditEvent.objects.get(verb="macro.used").ticket_id == desk.ticket.pk
    assert not desk.outbound()


def test_a_script_gets_the_words_and_puts_them_where_the_cursor_is(desk: Desk) -> None:
    macro = _macro(make_rep("Lena", lead=True))
    answer = desk.post("use_macro", text="Good morning!", note="", macro=macro.pk, place="cursor")
    assert answer.json() == {"text": f"Hello Cora, about #{desk.ticket.pk}."}
    assert Composition.objects.get().text == "Good morning!", "kept as typed; the page adds the rest"


def test_no_macro_is_used_that_is_retired_or_somebody_elses(desk: Desk) -> None:
    retired, theirs = _macro(make_rep("Lena", lead=True)), _macro(make_rep("Olga"), "Private", for_everybody=False)
    Macro.objects.filter(pk=retired.pk).update(is_active=False)
    for macro in (retired, theirs):
        macro.refresh_from_db()
        with pytest.raises(MacroGoneError):
            use_macro(actor=desk.rep, ticket=desk.ticket, macro=macro)
        assert desk.post("use_macro", text="kept", note="", macro=macro.pk).status_code == 422
        assert desk.post("use_macro", macro=macro.pk, place="cursor").json().keys() == {"refusal"}
    assert "Choose a macro first" in desk.post("use_macro", macro="").content.decode()
    assert Composition.objects.get().text == "kept"


def test_nobody_inserts_where_they_may_not_reply(desk: Desk) -> None:
    macro = _macro(make_rep("Lena", lead=True))
    desk.ticket = make_ticket(make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH)))
    assert desk.post("use_macro", macro=macro.pk).status_code == 403
    assert desk.post("use_macro", macro=macro.pk, place="cursor").status_code == 422
    assert not Composition.objects.exists()


def test_macros_of_the_requests_category_come_first(desk: Desk) -> None:
    lead, billing, sync = make_rep("Lena", lead=True), make_category(), make_category("Sync")
    for name, category in (("b", billing), ("s", sync), ("any", None)):
        save_macro(actor=lead, name=name, text="x", category=category, for_everybody=True)
    save_macro(actor=desk.rep, name="own", text="x", category=None, for_everybody=False)
    set_category(actor=desk.rep, ticket=desk.ticket, category=sync)
    groups = [(group.label, [macro.name for macro in group.macros]) for group in macros_for(desk.ticket, desk.rep)]
    assert groups == [("Sync", ["s"]), ("Any category", ["any"]), ("Your own", ["own"]), ("Other categories", ["b"])]


def test_a_proposed_macro_brings_the_words_of_the_macro_it_names(real_desk: Desk) -> None:
    desk = real_desk
    _macro(make_rep("Lena", lead=True))
    run = desk.triage(draft=False)
    with desk.site.as_role("worker"):
        named = NextStep.objects.create(run=run, position=1, kind=NextStepKind.MACRO, text="greeting", reason="r")
        other = NextStep.objects.create(run=run, position=2, kind=NextStepKind.MACRO, text="No such", reason="r")
    desk.post("use_step", named.pk)
    assert Composition.objects.get().text == f"Hello Cora, about #{desk.ticket.pk}."
    desk.post("use_step", other.pk)
    assert Composition.objects.get().text.endswith("\n\nNo such")
