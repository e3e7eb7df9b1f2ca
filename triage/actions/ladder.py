"""The ladder's writes: what leads decide, which requests are checked blind, and a value that is applied by itself.

A right is worked out again under a lock before each application, so that one which fell a moment ago is not used.
"""

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from portal import audit
from portal.actions.applied import apply_category
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import AuditEvent, Category, User
from portal.permissions import is_lead
from triage.choices import LadderReason
from triage.ladder import ERROR, Rung, is_drawn
from triage.models import AppliedValue, BlindCheck, FieldProposal, LadderChange, LadderPolicy, Run, RungSwitch
from triage.rungs import FIELD, CategoryRung, ladder_policy, read_rung, read_rungs

RATES = (0, 2, 3, 5, 10, 20, 50)
_LOCK = 4_242_018


def decide_ladder(*, actor: User, applies: bool, one_in: int, one_in_earned: int) -> LadderPolicy:
    """Record whether triage files what it has earned, and how many requests are checked blind, from now on."""
    if not is_lead(actor):
        raise NotAllowedError
    if one_in not in RATES or one_in_earned not in RATES:
        raise InvalidRequestError(_("There is no such rate. Nothing was changed."))
    if applies and not (one_in and one_in_earned):
        raise InvalidRequestError(_("What triage files has to be checked blind. Choose a rate. Nothing was changed."))
    with transaction.atomic():
        policy = LadderPolicy.objects.create(
            applies=applies, one_in=one_in, one_in_earned=one_in_earned, decided_by=actor
        )
        audit.record(
            "triage.ladder_decided",
            actor=actor,
            target=policy,
            applies=applies,
            one_in=one_in,
            one_in_earned=one_in_earned,
        )
    return policy


def switch_rung(*, actor: User, category: Category, on: bool) -> RungSwitch:
    """Forbid triage to file under this category by itself, or allow it again as far as it is earned."""
    if not is_lead(actor):
        raise NotAllowedError
    with transaction.atomic():
        switch = RungSwitch.objects.create(field=FIELD, value=category.slug, is_on=on, decided_by=actor)
        audit.record("triage.rung_switched", actor=actor, target=switch, category=category.pk, on=on)
    return switch


def draw_blind_check(*, run: Run, proposal: FieldProposal) -> BlindCheck | None:
    """Draw a request for a blind check, in the transaction that stores what is proposed: nobody sees it in between."""
    policy = ladder_policy()
    if proposal.field != FIELD or not run.is_first or not policy.one_in:
        return None
    newest = LadderChange.objects.filter(field=FIELD, value=proposal.value).first()
    one_in = policy.one_in_earned if newest is not None and newest.is_earned else policy.one_in
    if not is_drawn(run.message_id, seed=f"blind check {settings.SECRET_KEY}", one_in=one_in):
        return None
    chosen = AuditEvent.objects.filter(ticket_id=run.ticket_id, verb="ticket.category_changed").exists()
    if run.ticket.category_id is not None or chosen:
        return None
    return BlindCheck.objects.create(run=run, ticket_id=run.ticket_id, field=FIELD, value=proposal.value, one_in=one_in)


def apply_earned(*, run: Run, actor: User | None) -> AppliedValue | None:
    """Put the proposed category on the request if its right is earned, on, and nobody and nothing stands against it."""
    proposal = run.proposals.filter(field=FIELD).first()
    if proposal is None or not ladder_policy().applies:
        return None
    with transaction.atomic():
        rung = _settled(proposal.value)
        if rung is None or rung.earned is None or not rung.may_apply or not ladder_policy().applies:
            return None
        if BlindCheck.objects.filter(ticket_id=run.ticket_id, field=FIELD).exists():
            return None
        evidence = {"n": rung.standing.n, "right": rung.standing.right, "lower": rung.lower, "bar": rung.bar}
        filed = apply_category(actor=actor, ticket_id=run.ticket_id, slug=proposal.value, run=run.pk, **evidence)
        if filed is None:
            return None
        return AppliedValue.objects.create(
            run=run, ticket_id=run.ticket_id, change=rung.earned, field=FIELD, value=proposal.value, **evidence
        )


def settle_ladder() -> int:
    """Put on record what was earned or lost since the last look; return how many. Loses nothing when it runs late."""
    if not BlindCheck.objects.exists():
        return 0
    with transaction.atomic():
        _take_turns()
        return sum(_record_change(rung) is not None for rung in read_rungs())


def _settled(slug: str) -> CategoryRung | None:
    """The rung as it stands now, with what changed put on record, in the caller's transaction."""
    _take_turns()
    rung = read_rung(slug)
    return read_rung(slug) if rung is not None and _record_change(rung) is not None else rung


def _take_turns() -> None:
    """Two workers that saw one right earned or lost would both record it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _record_change(rung: CategoryRung) -> LadderChange | None:
    reason = _reason_to_record(rung)
    if reason is None:
        return None
    change = LadderChange.objects.create(
        field=FIELD,
        value=rung.category.slug,
        reason=reason,
        n=rung.standing.n,
        right=rung.standing.right,
        lower=rung.lower,
        bar=rung.bar,
        error=ERROR,
    )
    audit.record(
        "triage.right_earned" if change.is_earned else "triage.right_lost",
        actor=None,
        target=change,
        category=rung.category.pk,
        reason=str(reason),
        n=change.n,
        right=change.right,
    )
    return change


def _reason_to_record(rung: CategoryRung) -> LadderReason | None:
    if rung.standing.rung is Rung.LOST:
        return rung.why_lost
    holds = rung.earned is not None and (rung.lost is None or rung.lost.pk < rung.earned.pk)
    if rung.is_earned and not (holds and rung.earned is not None and rung.earned.bar >= rung.bar):
        return LadderReason.PROVEN
    return None
