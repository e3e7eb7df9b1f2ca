"""The portal's nouns: people, organisations, requests, messages, mail, deflection and the audit trail."""

from portal.models.accounts import Membership, Organisation, RateCounter, StaffRole, Team
from portal.models.audit import AuditEvent
from portal.models.deflection import DeflectionShown
from portal.models.mail import Notice, OutboxEntry
from portal.models.messages import Attachment, Message, MessageBody, MessageStop, ReleasePayload
from portal.models.tickets import Category, Ticket
from portal.models.user import User

__all__ = [
    "Attachment",
    "AuditEvent",
    "Category",
    "DeflectionShown",
    "Membership",
    "Message",
    "MessageBody",
    "MessageStop",
    "Notice",
    "Organisation",
    "OutboxEntry",
    "RateCounter",
    "ReleasePayload",
    "StaffRole",
    "Team",
    "Ticket",
    "User",
]
