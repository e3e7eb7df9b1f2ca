"""Puts requests through blind checks as a worker and a rep do, without asking the pipeline what it thinks of them."""

from django.utils import timezone

from portal.actions.tickets import set_category
from portal.models import Category, Organisation, Ticket, User
from tests.conftest import Site
from tests.factories import make_organisation, make_ticket, make_user
from triage.actions.ladder import apply_earned, decide_ladder, draw_blind_check
from triage.choices import FieldName, RunState
from triage.ladder import checks_needed
from triage.models import AppliedValue, BlindCheck, FieldProposal, LadderPolicy, Run

BAR = 50
ENOUGH = checks_needed(0, 0, bar=BAR / 100)
"""How many right blind checks prove the bar; it is set low for tests to be quick."""


class Climb:
    """A site with a lead and a rep, and requests that come in one after another."""

    def __init__(self, site: Site, *, lead: User, rep: User) -> None:
        self.site, self.lead, self.rep = site, lead, rep
        self._writer = make_user("Wanda", organisation=make_organisation())

    def decide(self, *, applies: bool, one_in: int = 5, one_in_earned: int = 20) -> LadderPolicy:
        return decide_ladder(actor=self.lead, applies=applies, one_in=one_in, one_in_earned=one_in_earned)

    def come_in(
        self, proposed: Category, count: int, *, organisation: Organisation | None = None, blind: bool = False
    ) -> list[Run]:
        """Requests that the worker has read and proposes to file there; drawn for a blind check, or not, as told."""
        writer = make_user(organisation=organisation) if organisation is not None else self._writer
        tickets = [make_ticket(writer) for _ in range(count)]
        with self.site.as_role("worker"):
            return [self._read(ticket, proposed, blind=blind) for ticket in tickets]

    def comes_in(self, proposed: Category, *, organisation: Organisation | None = None, blind: bool = False) -> Run:
        return self.come_in(proposed, 1, organisation=organisation, blind=blind)[0]

    @staticmethod
    def _read(ticket: Ticket, proposed: Category, *, blind: bool) -> Run:
        run = Run.objects.create(
            message_id=ticket.messages.values_list("pk", flat=True)[0],
            ticket=ticket,
            state=RunState.DONE,
            is_first=True,
            finished_at=timezone.now(),
        )
        of_category = {"field": FieldName.CATEGORY, "value": proposed.slug}
        FieldProposal.objects.create(run=run, reasons=["Its words are near."], **of_category)
        if blind:
            BlindCheck.objects.create(run=run, ticket=ticket, one_in=5, **of_category)
        return run

    def draw(self, runs: list[Run]) -> list[BlindCheck]:
        """What the worker does as it stores what it proposes: those that were drawn."""
        with self.site.as_role("worker"):
            drawn = [draw_blind_check(run=Run.objects.get(pk=r.pk), proposal=r.proposals.get()) for r in runs]
        return [check for check in drawn if check is not None]

    def file(self, run: Run, chosen: Category | None) -> Ticket:
        """What a rep says the request is about."""
        return set_category(actor=self.rep, ticket=Ticket.objects.get(pk=run.ticket_id), category=chosen)

    def check(self, proposed: Category, chosen: Category, count: int = 1) -> list[Run]:
        """Blind checks from beginning to end."""
        runs = self.come_in(proposed, count, blind=True)
        for run in runs:
            self.file(run, chosen)
        return runs

    def earn(self, category: Category) -> None:
        self.check(category, category, ENOUGH)

    def apply(self, run: Run) -> AppliedValue | None:
        """What the worker does once the run is stored."""
        with self.site.as_role("worker"):
            return apply_earned(run=Run.objects.get(pk=run.pk), actor=None)
