"""What can go wrong with a conversation, in words for people. The edges show `str(error)`; nothing else leaks."""

from django.utils.translation import gettext as _


class PortalError(Exception):
    """A refusal that people are told about."""


class NotAllowedError(PortalError):
    """The actor may not do this here."""

    def __init__(self) -> None:
        super().__init__(_("You may not do this here. Nothing was changed."))


class ConversationMovedOnError(PortalError):
    """Something was written since the actor last looked."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The conversation has moved on: something was written since you opened it. "
                "Nothing was sent; your text is kept."
            )
        )


class SessionEndedError(PortalError):
    """The person is no longer signed in, or no longer active."""

    def __init__(self) -> None:
        super().__init__(_("You are no longer signed in. Nothing was sent; your text is kept. Sign in and send again."))


class OwnWordsOnlyError(PortalError):
    """The account's record says that people alone serve it: a draft made before is not used any more."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This account is served by people alone, so the draft is not offered any more. Nothing was sent; "
                "your text is kept. Make it your own words before you send it."
            )
        )


class AlreadySentError(PortalError):
    """The same text was released before; the second press changes nothing."""

    def __init__(self) -> None:
        super().__init__(_("This reply was already sent, once. Nothing was sent again."))


class AlreadyVisibleError(PortalError):
    """Too late to take a message back."""

    def __init__(self) -> None:
        super().__init__(_("The customer can already see this reply, so it can no longer be taken back."))


class AlreadyDecidedError(PortalError):
    """Somebody decided on this mail before, or it needs no decision."""

    def __init__(self) -> None:
        super().__init__(_("This mail was decided on already, or it has left meanwhile. Nothing was changed."))


class ErasedError(PortalError):
    """The conversation was erased at the person's request."""

    def __init__(self) -> None:
        super().__init__(_("This conversation was erased at the person's request. Nothing can be added to it."))


class ErasureRefusedError(PortalError):
    """Somebody whose name stands under what others read."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Nothing was erased: this person works here or has answered customers. "
                "Take away their roles and deactivate them instead; what they released is the customers' record too."
            )
        )


class InvalidRequestError(PortalError):
    """Input that cannot be filed; the message says what to change."""


class SendRefusedError(PortalError):
    """release() refused for a reason that no button can cause."""

    def __init__(self) -> None:
        super().__init__(_("The send guard refused this reply. Nothing was sent; your text is kept."))
