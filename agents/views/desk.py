"""The ticket page as one desk: every button on it first keeps what the rep was writing, then does its own thing.

Invariant: a refusal is shown on the same page, with the kept words in the editor and what is new in the conversation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from agents.actions.citations import carried_by
from agents.actions.compositions import keep_words
from agents.alike import Resolved, similar_resolved
from agents.coverage import FileRead, files_read
from agents.evidence import (
    DraftView,
    Measured,
    Remarks,
    proposals_of,
    remarks_on,
    view_draft,
    who_serves,
    why_no_draft,
    why_unfiled,
)
from agents.forms import Desk, read_desk, read_number, reps, words_digest
from agents.found import Found, found_in
from agents.macros import macros_for
from agents.models import Composition, CompositionCitation, Review
from agents.pack import Nearest, nearest_articles
from agents.passages import find_passages
from agents.presence import Colleague, note_presence, others_at
from agents.screening import screening_of
from agents.timeline import earlier_requests, happenings, held_back_words, read_timeline, shown_articles
from agents.views.access import find_ticket, rep_of
from agents.views.place import read_place
from kb.models import SourceText
from portal.errors import AlreadySentError, ConversationMovedOnError, NotAllowedError, PortalError, SessionEndedError
from portal.models import Category, Message, Ticket, User
from portal.permissions import audiences_of_requester, may_erase, may_reply
from triage.models import AppliedValue, Draft, FieldName, Run, RunState
from triage.models.drafts import live_sources
from triage.reading import applied_among, latest_run
from triage.switch import DraftingState, drafting_state

MOST_ASKED = 400
_STATUS: dict[type[PortalError], int] = {
    ConversationMovedOnError: 409,
    AlreadySentError: 409,
    NotAllowedError: 403,
    SessionEndedError: 403,
}


@dataclass(frozen=True)
class TriagePane:
    """What triage says of the newest message it read."""

    run: Run | None
    is_behind: bool
    draft: DraftView | None
    why_not: str
    proposals: dict[str, Measured]
    findings: list[Found]
    files_read: list[FileRead]
    drafting: DraftingState
    pack: list[Nearest]
    alike: list[Resolved]
    remarks: Remarks
    is_blind: bool = False
    applied: AppliedValue | None = None
    unfiled: str = ""

    @property
    def mark(self) -> str:
        """What the pane shows, as one word: while it stays the same the page is left alone."""
        return f"{self.run.pk}.{self.run.state}.{int(self.is_behind)}" if self.run is not None else "0"

    @property
    def is_waiting(self) -> bool:
        """Whether something may still come: the newest message has no run, or one that is not over."""
        return self.run is None or self.is_behind or self.run.state in {RunState.PENDING, RunState.RUNNING}


@dataclass(frozen=True)
class CitedHere:
    """A passage that the words in the editor cite, and whether its article still says so."""

    title: str
    address: str
    is_live: bool


@dataclass(frozen=True)
class Editor:
    """What stands in the editor, and where it came from."""

    text: str
    note: str
    draft_id: int | None
    stale_because: tuple[str, ...]
    kept: Composition | None
    held_back: Message | None
    cited: tuple[CitedHere, ...] = ()

    @property
    def was(self) -> str:
        return words_digest(self.text, self.note)


def read_pane(ticket: Ticket, rep: User) -> TriagePane:
    """The triage pane of a request."""
    run = latest_run(ticket)
    draft: Draft | None = getattr(run, "draft", None) if run is not None else None
    proposals, is_blind = proposals_of(ticket)
    return TriagePane(
        run=run,
        is_behind=run is not None and _newest_by_a_person(ticket) > run.message_id,
        draft=view_draft(draft) if draft is not None else None,
        why_not=why_no_draft(ticket, run) if run is not None and draft is None else "",
        proposals=proposals,
        findings=found_in(ticket),
        files_read=files_read(ticket),
        drafting=drafting_state(),
        is_blind=is_blind,
        applied=applied_among([ticket.pk]).get(ticket.pk) if ticket.category_id is not None else None,
        remarks=remarks_on(ticket, run),
        pack=nearest_articles(ticket, run) if draft is None else [],
        alike=similar_resolved(ticket, rep),
        unfiled="" if is_blind or FieldName.CATEGORY in proposals or ticket.category_id else why_unfiled(ticket),
    )


def _newest_by_a_person(ticket: Ticket) -> int:
    """The newest message that triage reads; 0 when there is none."""
    by_people = ticket.messages.inbound().exclude(automatic__in=["auto_reply", "bounce"])
    return by_people.order_by("-pk").values_list("pk", flat=True).first() or 0


def read_editor(ticket: Ticket, rep: User, pane: TriagePane) -> Editor:
    """The rep's kept words; failing those, their reply that was held back; failing that, nothing."""
    kept = Composition.objects.filter(ticket=ticket, author=rep).select_related("draft").first()
    held = None if kept is not None and kept.text.strip() else held_back_words(ticket, rep)
    # Behind the wall there is no draft: what was typed stays, as the rep's own words.
    draft_id = kept.draft_id if kept is not None and ticket.may_automate else None
    stale: tuple[str, ...] = ()
    if kept is not None and kept.draft is not None and draft_id is not None:
        known = pane.draft if pane.draft is not None and pane.draft.draft.pk == draft_id else view_draft(kept.draft)
        stale = known.stale_because
    return Editor(
        text=held.text if held is not None else kept.text if kept is not None else "",
        note=kept.note if kept is not None else "",
        draft_id=draft_id,
        stale_because=stale,
        kept=kept if kept is not None and (kept.text.strip() or kept.note.strip()) else None,
        held_back=held,
        cited=_cited_here(kept),
    )


def _cited_here(kept: Composition | None) -> tuple[CitedHere, ...]:
    if kept is None:
        return ()
    citations = CompositionCitation.objects.filter(composition=kept).select_related("source_text")
    carried = carried_by(kept.text, citations)
    sources = SourceText.objects.filter(pk__in=[citation.source_text_id for citation in carried])
    readers = audiences_of_requester(kept.ticket)
    live = set(live_sources(sources, readers).values_list("pk", flat=True)) if carried else set()
    return tuple(CitedHere(c.source_text.title, c.address, c.source_text_id in live) for c in carried)


def ticket_page(
    request: HttpRequest, ticket: Ticket, *, refusal: PortalError | None = None, seen: int | None = None
) -> HttpResponse:
    """The whole ticket page; with a refusal, its words at the top and a status that says so."""
    rep = rep_of(request)
    note_presence(person=rep, ticket=ticket)
    pane = read_pane(ticket, rep)
    timeline = read_timeline(ticket, seen=seen, unfold_from=read_number(request.GET.get("from")))
    place, others = read_place(request), others_at(ticket, rep)
    context = {
        "ticket": ticket,
        "timeline": timeline,
        "on_their_way": [entry for entry in timeline.entries if entry.seconds_left],
        "pane": pane,
        "editor": read_editor(ticket, rep, pane),
        "may_reply": may_reply(rep, ticket),
        "may_erase": may_erase(rep),
        "who_serves": who_serves(ticket),
        "shown_articles": shown_articles(ticket),
        "happenings": happenings(ticket),
        "categories": Category.objects.filter(is_active=True),
        "priorities": Ticket.Priority.choices,
        "reps": reps(),
        "screening": screening_of(ticket, pane.run, pane.remarks.screened),
        "reasons": Review.Reason.choices,
        "undo_seconds": settings.HANDRAIL_UNDO_SECONDS,
        "refusal": refusal,
        "comment": request.POST.get("comment", ""),
        "others": others,
        "known_news": known_news(others, moved_on=False),
        "macro_groups": macros_for(ticket, rep),
        "found": find_passages(ticket, rep, request.GET.get("find", "")[:MOST_ASKED]),
        "earlier": earlier_requests(ticket, rep),
        "back_url": place.back_to(ticket.pk),
        "queue_url": place.queue_url,
        "next_number": place.next_after(ticket.pk),
    }
    status = 200 if refusal is None else _STATUS.get(type(refusal), 422)
    return render(request, "agents/ticket.html", context, status=status)


def known_news(others: Sequence[Colleague], *, moved_on: bool) -> str:
    """What a page shows of its news, as one word that its next question carries."""
    people = ".".join(f"{colleague.person_id}{colleague.doing[0]}" for colleague in others)
    return f"{int(moved_on)}.{people}"


def keep_desk(ticket: Ticket, rep: User, desk: Desk) -> Composition | None:
    """Keep what was posted if it was changed on that page."""
    if (desk.text is None and desk.note is None) or not desk.is_changed:
        return None
    draft = find_draft(ticket, desk)
    return keep_words(actor=rep, ticket=ticket, version=desk.version, text=desk.text, note=desk.note, draft=draft)


def find_draft(ticket: Ticket, desk: Desk) -> Draft | None:
    """The draft that the posted words began as."""
    return Draft.objects.filter(pk=desk.draft_id, ticket=ticket).first() if desk.draft_id else None


def act(
    request: HttpRequest,
    number: int,
    do: Callable[[User, Ticket, Desk], str],
    *,
    anchor: str = "",
    keeps_search: bool = True,
) -> HttpResponse:
    """Keep the rep's words, do one thing, and go back to the ticket page with what `do` says about it."""
    ticket, rep = find_ticket(request, number), rep_of(request)
    desk = read_desk(request.POST)
    try:
        keep_desk(ticket, rep, desk)
        done = do(rep, ticket, desk)
    except PortalError as refusal:
        return ticket_page(request, find_ticket(request, number), refusal=refusal, seen=desk.seen or None)
    if done:
        messages.success(request, done)
    asked = request.POST.get("find", "").strip()[:MOST_ASKED] if keeps_search else ""
    query = f"?{urlencode({'find': asked})}" if asked else ""
    return redirect(reverse("agents:ticket", args=[number]) + query + (f"#{anchor}" if anchor else ""))
