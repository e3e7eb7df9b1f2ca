"""What editors set about themselves: all that Wagtail offers but its mails, which nobody here sends.

What waits for an editor stands on their start page (`kb.home`).
"""

from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.account import AccountView, BaseSettingsPanel

MAILS = "notifications"


class EditorAccount(AccountView):
    def get_panels(self) -> list[BaseSettingsPanel]:
        return [panel for panel in super().get_panels() if panel.name != MAILS]


account = require_admin_access(EditorAccount.as_view())
