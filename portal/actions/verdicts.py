"""What people say of an article or of a reply: whether it solved their problem.

Invariant: a row is written only when somebody pressed yes or no. Of readers of articles nothing is kept but the word.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from kb.models import ArticlePage
from portal import audit
from portal.actions.tickets import reopen_ticket, solve_ticket
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import ArticleVerdict, Message, ReplyVerdict, Ticket, User


def judge_article(
    *, actor: None, article: ArticlePage, solved: bool, came_from: str, earlier: int | None = None
) -> ArticleVerdict:
    """Keep a reader's word on `article`; `earlier` is the row of the same visit's word, which the new one replaces.

    `actor` is None: a reader is nobody to the ledger, signed in or not.
    """
    with transaction.atomic():
        said = ArticleVerdict.objects.select_for_update().filter(article=article)
        verdict = said.filter(pk=earlier).first() if earlier else None
        if verdict is None:
            verdict = ArticleVerdict(article=article, came_from=came_from)
        verdict.solved = solved
        verdict.save()
        audit.record("article.judged", actor=actor, target=verdict, article=article.pk, solved=solved)
    return verdict


def judge_reply(*, actor: User, ticket: Ticket, message_id: int, solved: bool) -> Ticket:
    """Keep the requester's word on the newest reply: solved ends the request, unsolved leaves it to us.

    Raises InvalidRequestError when a newer reply has come meanwhile: nobody judges what they have not read.
    """
    if ticket.requester_id != actor.pk:
        raise NotAllowedError
    with transaction.atomic():
        replies = ticket.messages.visible_to_customer().filter(direction=Message.Direction.OUTBOUND)
        newest = replies.order_by("-visible_from", "-pk").first()
        if newest is None or newest.pk != message_id:
            raise InvalidRequestError(_("There is a newer answer by now. Please read it first; nothing was changed."))
        verdict, created = ReplyVerdict.objects.get_or_create(message=newest, defaults={"solved": solved})
        if created or verdict.solved != solved:
            ReplyVerdict.objects.filter(pk=verdict.pk).update(solved=solved)
            audit.record("reply.judged", actor=actor, target=newest, ticket_id=ticket.pk, solved=solved)
        change = solve_ticket if solved else reopen_ticket
        return change(actor=actor, ticket=ticket)
