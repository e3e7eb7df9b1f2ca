"""The portal's nouns: people, organisations, requests, messages, mail, deflection and the audit trail."""

from portal.models.accounts import Membership, Organisation, RateCounter, StaffRole, Team
from portal.models.audit import AuditEvent
from portal.models.deflection import ArticleVerdict, DeflectionShown, ReplyVerdict
from portal.models.figures import FirstResponse
from portal.models.flags import ArticleFlag, ArticleSettlement
from portal.models.mail import Notice, OutboxDecision, OutboxEntry
from portal.models.messages import Attachment, Message, MessageBody, MessageStop, ReleasePayload
from portal.models.tickets import Category, Ticket
from portal.models.user import User

__all__ = [
    "ArticleFlag",
    "ArticleSettlement",
    "ArticleVerdict",
    "Attachment",
    "AuditEvent",
    "Category",
    "DeflectionShown",
    "FirstResponse",
    "Membership",
    "Message",
    "MessageBody",
    "MessageStop",
    "Notice",
    "Organisation",
    "OutboxDecision",
    "OutboxEntry",
    "RateCounter",
    "ReleasePayload",
    "ReplyVerdict",
    "StaffRole",
    "Team",
    "Ticket",
    "User",
]
