"""The blocks of an article, as editors pick them: each with icon, label, description, template and a worked preview.

Headings are blocks of their own: the contents list and every citation rest on their anchors; rich text has none.
"""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.typed_table_block.blocks import TypedTable, TypedTableBlock
from wagtail.images.blocks import ImageChooserBlock

from kb.anchors import heading_anchor
from kb.documents import CalloutKind
from kb.inline_html import LANGUAGES
from kb.references import References, picture

Context = dict[str, object]

TEXT_FEATURES = [
    "bold",
    "italic",
    "code",
    "link",
    "document-link",
    "ol",
    "ul",
    "hr",
    "blockquote",
    "superscript",
    "subscript",
]
CELL_FEATURES = ["bold", "italic", "code", "link", "ol", "ul"]
NOTE_FEATURES = ["bold", "italic", "code", "link", "ol", "ul"]
LANGUAGE_NAMES = {"text": _("Plain text"), "bash": _("Commands"), "log": _("Log lines"), "sql": "SQL", "php": "PHP"}
CALLOUT_LABELS = {
    CalloutKind.INFO: _("Note"),
    CalloutKind.TIP: _("Tip"),
    CalloutKind.WARNING: _("Take care"),
    CalloutKind.DANGER: _("Risk of losing data"),
}


class HeadingValue(blocks.StructValue):
    @property
    def anchor_id(self) -> str:
        return heading_anchor(str(self.get("anchor") or ""), str(self.get("text") or ""))


class HeadingBlock(blocks.StructBlock):
    text = blocks.CharBlock(label=_("Heading"))
    level = blocks.ChoiceBlock(
        label=_("Level"), choices=[("2", _("Section")), ("3", _("Part of a section")), ("4", _("Detail"))], default="2"
    )
    anchor = blocks.RegexBlock(
        label=_("Link name"),
        regex=r"^[\w-]+$",
        required=False,
        help_text=_("Others link here by this name. Leave it empty for a new heading; keep it when the words change."),
    )

    class Meta:
        icon = "title"
        label = _("Heading")
        template = "kb/blocks/_heading.html"
        value_class = HeadingValue
        form_layout = ["text", "level", "anchor"]
        description = _("Starts a section. It appears in the contents list and answers can link to it.")
        preview_value = {"text": "Check the sync log first", "level": "2", "anchor": "check-the-sync-log-first"}


class TextBlock(blocks.RichTextBlock):
    class Meta:
        icon = "pilcrow"
        label = _("Text")
        template = "kb/blocks/_text.html"
        description = _("Paragraphs, lists and quotations.")
        preview_value = "<p>The vault keeps <b>thirty days</b> of versions unless your plan says otherwise.</p>"


class CodeBlock(blocks.StructBlock):
    language = blocks.ChoiceBlock(
        label=_("Kind"), choices=[(name, LANGUAGE_NAMES.get(name, name)) for name in LANGUAGES], default="bash"
    )
    code = blocks.TextBlock(label=_("Code"), rows=4)

    def get_context(self, value: blocks.StructValue, parent_context: Context | None = None) -> Context:
        context: Context = super().get_context(value, parent_context=parent_context)
        context["language_label"] = LANGUAGE_NAMES.get(value["language"], str(value["language"]).upper())
        return context

    class Meta:
        icon = "code"
        label = _("Command or code")
        template = "kb/blocks/_code.html"
        description = _("A command to run, a configuration, or what a program prints. Line breaks are kept.")
        preview_value = {"language": "bash", "code": "vaultctl status --verbose"}


class CalloutBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(
        label=_("Kind"), choices=[(k.value, CALLOUT_LABELS[k]) for k in CalloutKind], default="info"
    )
    text = blocks.RichTextBlock(label=_("Text"), features=NOTE_FEATURES)

    def get_context(self, value: blocks.StructValue, parent_context: Context | None = None) -> Context:
        context: Context = super().get_context(value, parent_context=parent_context)
        context["kind_label"] = CALLOUT_LABELS[CalloutKind(value["kind"])]
        return context

    class Meta:
        icon = "info-circle"
        label = _("Call-out")
        template = "kb/blocks/_callout.html"
        description = _("A note, a tip or a warning that must not be missed. One per section is plenty.")
        preview_value = {"kind": "warning", "text": "<p>Unplugging the drive now ends the restore.</p>"}


class KnownErrorBlock(blocks.StructBlock):
    message = blocks.TextBlock(
        label=_("Message"),
        rows=2,
        help_text=_("Exactly as the product prints it, so that a pasted message finds this article."),
    )
    meaning = blocks.RichTextBlock(label=_("What it means"), features=NOTE_FEATURES, required=False)

    class Meta:
        icon = "warning"
        label = _("Known error message")
        template = "kb/blocks/_known_error.html"
        description = _("An error as it appears on a screen or in a log. Search matches it exactly.")
        preview_value = {
            "message": "LV-2104: vault is locked by another session",
            "meaning": "<p>Another computer is still writing. Wait, or end that session.</p>",
        }


class PictureBlock(blocks.StructBlock):
    image = ImageChooserBlock(label=_("Picture"), required=False)
    alt = blocks.CharBlock(
        label=_("What it shows"), help_text=_("For people who cannot see it, and shown when the picture is missing.")
    )
    caption = blocks.CharBlock(label=_("Caption"), required=False)

    def get_context(self, value: blocks.StructValue, parent_context: Context | None = None) -> Context:
        context: Context = super().get_context(value, parent_context=parent_context)
        if image := value["image"]:
            read = context.get("references")
            context["rendition"] = read.picture(image) if isinstance(read, References) else picture(image)
        return context

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "kb/blocks/_picture.html"
        description = _("A screenshot or drawing, always with words for those who cannot see it.")
        preview_value = {"image": None, "alt": "The Restore tab with two snapshots listed", "caption": ""}


class DataTableBlock(TypedTableBlock):
    text = blocks.RichTextBlock(label=_("Text"), features=CELL_FEATURES, required=False)

    def get_context(self, value: TypedTable, parent_context: Context | None = None) -> Context:
        context: Context = super().get_context(value, parent_context=parent_context)
        context["has_headings"] = any(column["heading"] for column in value.columns)
        return context

    class Meta:
        icon = "table"
        label = _("Table")
        template = "kb/blocks/_table.html"
        description = _("Rows and columns. For steps, use Steps.")
        preview_value = {
            "columns": [{"type": "text", "heading": "Light"}, {"type": "text", "heading": "Meaning"}],
            "rows": [{"values": ["Amber, slow", "Syncing"]}, {"values": ["Red, steady", "No connection for an hour"]}],
            "caption": "",
        }


def _common_blocks() -> list[tuple[str, blocks.Block]]:
    return [
        ("text", TextBlock(features=TEXT_FEATURES)),
        ("code", CodeBlock()),
        ("callout", CalloutBlock()),
        ("known_error", KnownErrorBlock()),
        ("table", DataTableBlock()),
        ("picture", PictureBlock()),
    ]


class StepContentBlock(blocks.StreamBlock):
    class Meta:
        icon = "list-ol"
        label = _("Step")
        required = True


class SubstepsBlock(blocks.StructBlock):
    start = blocks.IntegerBlock(label=_("Start at"), min_value=0, default=1)
    steps = blocks.ListBlock(StepContentBlock(_common_blocks()), label=_("Steps"))

    class Meta:
        icon = "list-ol"
        label = _("Steps within a step")
        template = "kb/blocks/_steps.html"
        description = _("Numbered steps inside one step.")


class StepsBlock(blocks.StructBlock):
    start = blocks.IntegerBlock(
        label=_("Start at"),
        min_value=0,
        default=1,
        help_text=_("More than 1 when these steps go on from earlier ones."),
    )
    steps = blocks.ListBlock(StepContentBlock([*_common_blocks(), ("substeps", SubstepsBlock())]), label=_("Steps"))

    class Meta:
        icon = "list-ol"
        label = _("Steps")
        template = "kb/blocks/_steps.html"
        description = _("What to do, in order. Each step may hold a command, a picture or a warning.")
        preview_value = {
            "start": 1,
            "steps": [
                [{"type": "text", "value": "<p>Open <b>Vault &gt; Restore</b>.</p>"}],
                [{"type": "text", "value": "<p>Choose the snapshot and press <b>Restore here</b>.</p>"}],
            ],
        }


class ArticleBody(blocks.StreamBlock):
    heading = HeadingBlock()
    text = TextBlock(features=TEXT_FEATURES)
    steps = StepsBlock()
    code = CodeBlock()
    callout = CalloutBlock()
    known_error = KnownErrorBlock()
    table = DataTableBlock()
    picture = PictureBlock()
