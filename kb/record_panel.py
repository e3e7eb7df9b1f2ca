"""In the article's form: how its live words came before readers, by the record and not by a field."""

from wagtail.admin.panels import Panel


class RecordPanel(Panel):
    """Reads nothing from the form and writes nothing."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "kb/record_panel.html"

        def get_context_data(self, parent_context: dict[str, object] | None = None) -> dict[str, object]:
            context: dict[str, object] = super().get_context_data(parent_context)
            return context | {"article": self.instance}

        def is_shown(self) -> bool:
            return bool(self.instance.pk) and self.instance.live_revision_id is not None
