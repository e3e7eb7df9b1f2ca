"""The pages where macros are looked after: leads those for everybody, each rep their own."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agents.actions.macros import may_change_macro, save_macro, set_macro_active
from agents.errors import MacroRefusedError
from agents.forms import MacroForm
from agents.models import Macro
from agents.placeholders import PLACEHOLDERS
from agents.views.access import rep_of, rep_page
from portal.errors import NotAllowedError
from portal.models import User
from portal.permissions import is_lead


@rep_page
@require_safe
def macros(request: HttpRequest) -> HttpResponse:
    """Every macro that this person may use or looks after."""
    rep = rep_of(request)
    known = list(Macro.objects.known_to(rep).select_related("category", "changed_by"))
    context = {
        "shared": [(macro, may_change_macro(rep, macro)) for macro in known if macro.owner_id is None],
        "own": [(macro, True) for macro in known if macro.owner_id is not None],
        "is_lead": is_lead(rep),
    }
    return render(request, "agents/macros.html", context)


@rep_page
@require_http_methods(["GET", "POST"])
def new_macro(request: HttpRequest) -> HttpResponse:
    """Make a macro."""
    return _edit(request, None)


@rep_page
@require_http_methods(["GET", "POST"])
def edit_macro(request: HttpRequest, macro: int) -> HttpResponse:
    """Change a macro."""
    return _edit(request, _find(rep_of(request), macro))


@rep_page
@require_POST
def macro_active(request: HttpRequest, macro: int) -> HttpResponse:
    """Take a macro out of use, or back into use."""
    rep = rep_of(request)
    found = _find(rep, macro)
    wanted = request.POST.get("active") == "yes"
    set_macro_active(actor=rep, macro=found, is_active=wanted)
    said = _("“%(name)s” is in use again.") if wanted else _("“%(name)s” is out of use.")
    messages.success(request, said % {"name": found.name})
    return redirect("agents:macros")


def _edit(request: HttpRequest, macro: Macro | None) -> HttpResponse:
    rep = rep_of(request)
    form = MacroForm(request.POST or None, macro=macro, may_share=is_lead(rep))
    if request.method == "POST" and form.is_valid():
        try:
            kept = save_macro(actor=rep, macro=macro, **form.values())
        except MacroRefusedError as refusal:
            form.add_error(refusal.field, str(refusal))
        except NotAllowedError:
            form.add_error(None, _("Only leads look after macros for everybody. Your words are kept below."))
        else:
            messages.success(request, _("“%(name)s” is kept.") % {"name": kept.name})
            return redirect("agents:macros")
    context = {"form": form, "macro": macro, "placeholders": PLACEHOLDERS.items()}
    return render(request, "agents/macro.html", context, status=422 if form.errors else 200)


def _find(rep: User, number: int) -> Macro:
    """A macro that this person looks after; Http404 for any other, whether it exists or not."""
    macro = Macro.objects.known_to(rep).filter(pk=number).first()
    if macro is None or not may_change_macro(rep, macro):
        raise Http404(_("There is no such macro here."))
    return macro
