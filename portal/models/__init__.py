"""The portal's nouns: people, organisations, requests, messages, mail, deflection and the audit trail."""

from portal.models.user import User

__all__ = ["User"]
