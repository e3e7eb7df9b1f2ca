"""What the console's pages send. Lenient where words are kept, strict where something is changed."""

import hashlib
from dataclasses import dataclass
from typing import Any, TypedDict

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from agents.models import Macro, Review
from agents.queue import SHOWN_LABELS, SORTS, QueueFilter
from portal.forms import HandrailForm
from portal.models import Category, StaffRole, Ticket, User
from triage.actions.ladder import RATES
from triage.models import LadderPolicy


@dataclass(frozen=True)
class Desk:
    """What stood on a rep's page when they pressed a button: their words and what they had seen of the conversation."""

    text: str | None
    note: str | None
    version: int
    seen: int
    draft_id: int | None
    stale_accepted: bool
    was: str

    @property
    def is_changed(self) -> bool:
        """Whether the words differ from those the page came with; an untouched page never overwrites another one's."""
        return self.fingerprint != self.was

    @property
    def fingerprint(self) -> str:
        return words_digest(self.text or "", self.note or "")


def words_digest(text: str, note: str) -> str:
    """A fingerprint of the words on a page, whatever the browser made of their line ends."""
    joined = "\0".join(part.replace("\r\n", "\n") for part in (text, note))
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def read_desk(posted: QueryDict) -> Desk:
    """The desk as posted. A page without a version (a script, an old bookmark) is taken to have seen nothing."""
    return Desk(
        text=posted.get("text"),
        note=posted.get("note"),
        version=read_number(posted.get("version")) or 0,
        seen=read_number(posted.get("seen")) or 0,
        draft_id=read_number(posted.get("draft")),
        stale_accepted=bool(posted.get("stale_accepted")),
        was=posted.get("was", ""),
    )


def read_number(value: str | None) -> int | None:
    """A whole number from a page; None for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 18 else None


class QueueForm(HandrailForm):
    """The filters over the queue; what it cannot read counts as not asked for."""

    show = forms.ChoiceField(choices=list(SHOWN_LABELS.items()), required=False, widget=forms.HiddenInput)
    q = forms.CharField(
        label=gettext_lazy("Number or subject"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    whose = forms.ChoiceField(
        label=gettext_lazy("Responsible"),
        choices=[
            ("", gettext_lazy("anybody")),
            ("mine", gettext_lazy("me")),
            ("nobody", gettext_lazy("nobody yet")),
        ],
        required=False,
    )
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    priority = forms.ChoiceField(
        label=gettext_lazy("Priority"),
        choices=[("", gettext_lazy("any")), *reversed(Ticket.Priority.choices)],
        required=False,
    )
    sort = forms.ChoiceField(label=gettext_lazy("Order"), choices=list(SORTS.items()), required=False)
    high_touch = forms.BooleanField(label=gettext_lazy("High-touch only"), required=False)
    drafted = forms.BooleanField(label=gettext_lazy("Draft ready"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = Category.objects.values_list("slug", "name")
        choices = [("", gettext_lazy("any")), ("none", gettext_lazy("none yet")), *categories]
        self.fields["category"].choices = choices  # type: ignore[attr-defined]

    def wanted(self) -> QueueFilter:
        """The filter, from the fields that could be read."""
        self.is_valid()
        read = self.cleaned_data
        return QueueFilter(
            show=read.get("show") or "open",
            whose=read.get("whose", ""),
            category=read.get("category", ""),
            priority=read.get("priority", ""),
            high_touch=bool(read.get("high_touch")),
            drafted=bool(read.get("drafted")),
            words=read.get("q", ""),
            sort=read.get("sort") or "order",
        )


class CategoryForm(forms.Form):
    """A category in use, or none."""

    category = forms.ModelChoiceField(
        queryset=Category.objects.filter(is_active=True), to_field_name="slug", required=False
    )


class PriorityForm(forms.Form):
    """A priority."""

    priority = forms.ChoiceField(choices=Ticket.Priority.choices)


class AssigneeForm(forms.Form):
    """Somebody who answers requests, or nobody."""

    assignee = forms.ModelChoiceField(queryset=User.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = reps()  # type: ignore[attr-defined]


class DraftingForm(HandrailForm):
    """What a lead decides about all drafting, with the reason that every rep reads."""

    drafting = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])
    reason = forms.CharField(
        label=gettext_lazy("Why, for every rep to read"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "maxlength": 300}),
    )


class LadderForm(HandrailForm):
    """What a lead decides about the ladder: how many requests are checked blind, and whether what is earned is used."""

    RATES = (
        (0, gettext_lazy("none")),
        *((rate, gettext_lazy("1 request in %(n)d") % {"n": rate}) for rate in RATES if rate),
    )
    one_in = forms.TypedChoiceField(
        label=gettext_lazy("Checked blind, until it is earned"), choices=RATES, coerce=int, required=False
    )
    one_in_earned = forms.TypedChoiceField(
        label=gettext_lazy("Checked blind, once it is earned"), choices=RATES, coerce=int, required=False
    )

    @classmethod
    def standing(cls, policy: LadderPolicy) -> "LadderForm":
        """The form as it stands; where nothing was decided yet, with the rates that we would choose."""
        first, later = (policy.one_in, policy.one_in_earned) if policy.pk else (5, 20)
        return cls(initial={"one_in": first, "one_in_earned": later})

    def values(self) -> "LadderValues":
        """What was chosen, by the button too; what is no rate is left to `decide_ladder` to refuse."""
        self.is_valid()
        read = self.cleaned_data
        return {
            "applies": self.data.get("applies") == "on",
            "one_in": read.get("one_in", -1),
            "one_in_earned": read.get("one_in_earned", -1),
        }


class LadderValues(TypedDict):
    """A policy as chosen."""

    applies: bool
    one_in: int
    one_in_earned: int


class RejectionForm(forms.Form):
    """Why a draft will not do."""

    reason = forms.ChoiceField(
        choices=Review.Reason.choices,
        error_messages={"required": gettext_lazy("Choose why the draft will not do. Nothing was changed.")},
    )
    comment = forms.CharField(required=False, max_length=5_000)


class MacroForm(HandrailForm):
    """A macro. What it must be is checked where it is kept, in one place for every way in."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What reps look for in the list."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Give it a name to find it by.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "macro-text"}),
        error_messages={"required": gettext_lazy("Write the words that it stands for.")},
    )
    category = forms.ModelChoiceField(
        label=gettext_lazy("Offered first for"),
        queryset=Category.objects.filter(is_active=True),
        required=False,
        empty_label=gettext_lazy("any category"),
    )
    who = forms.ChoiceField(
        label=gettext_lazy("Who may use it"),
        choices=[("all", gettext_lazy("everybody who answers")), ("own", gettext_lazy("me alone"))],
    )

    def __init__(self, data: QueryDict | None, *, macro: Macro | None, may_share: bool) -> None:
        initial: dict[str, object] = {"who": "all" if may_share else "own"}
        if macro is not None:
            who = "all" if macro.owner_id is None else "own"
            initial = {"name": macro.name, "text": macro.text, "category": macro.category_id, "who": who}
        super().__init__(data, initial=initial)
        if not may_share:
            self.fields["who"].choices = [("own", gettext_lazy("me alone"))]  # type: ignore[attr-defined]

    def values(self) -> "MacroValues":
        """What was filled in, for `save_macro`."""
        read = self.cleaned_data
        return {
            "name": read["name"],
            "text": read["text"],
            "category": read["category"],
            "for_everybody": read["who"] == "all",
        }


class MacroValues(TypedDict):
    """A macro as filled in."""

    name: str
    text: str
    category: Category | None
    for_everybody: bool


def reps() -> QuerySet[User]:
    """Everybody who answers requests, by name."""
    roles = StaffRole.objects.values("user")
    return User.objects.filter(pk__in=roles, is_active=True, kind=User.Kind.HUMAN).order_by("display_name", "email")
