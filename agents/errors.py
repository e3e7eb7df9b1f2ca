"""What the console refuses, in words for reps. Each leaves the rep's text kept."""

from django.utils.translation import gettext as _

from portal.errors import PortalError


class StaleDraftError(PortalError):
    """A reply begun from a draft whose sources, or whose question, changed since."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "What this draft rests on has changed. Nothing was sent; your text is kept. "
                "Read it against what changed, tick that you did, and send again."
            )
        )


class DraftClosedError(PortalError):
    """The draft was rejected before."""

    def __init__(self) -> None:
        super().__init__(_("This draft was already rejected. Nothing was changed."))


class NothingWrittenError(PortalError):
    """There is no text to send."""

    def __init__(self) -> None:
        super().__init__(_("There is nothing to send yet: the reply is empty."))


class TooLongError(PortalError):
    """More than one mail should carry."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            _("The reply is longer than %(limit)d characters. Nothing was sent; your text is kept.") % {"limit": limit}
        )


class MacroRefusedError(PortalError):
    """A macro that cannot be kept as it is; `field` says which part of it."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class MacroGoneError(PortalError):
    """A macro that was taken out of use, or is somebody else's."""

    def __init__(self) -> None:
        super().__init__(_("This macro is no longer in use. Nothing was put into the reply."))


class PassageGoneError(PortalError):
    """A passage that this customer may not read, or that is no longer what its article says."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This passage was changed or taken down, or this customer may not read it. "
                "Nothing was put into the reply."
            )
        )


class TakenMeanwhileError(PortalError):
    """Somebody else took the request a moment ago."""

    def __init__(self, name: str) -> None:
        super().__init__(_("%(name)s took it a moment ago. Nothing was changed.") % {"name": name})
