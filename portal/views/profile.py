"""What people may change of themselves."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.actions.profile import rename_user
from portal.forms import ProfileForm
from portal.models import Membership, User


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change one's name."""
    person = User.objects.get(pk=request.user.pk or 0)
    form = ProfileForm(request.POST or None, initial={"display_name": person.display_name})
    if form.is_valid():
        rename_user(actor=person, user=person, name=form.cleaned_data["display_name"])
        messages.success(request, _("Saved."))
        return redirect("portal:profile")
    membership = Membership.objects.select_related("organisation").filter(user=person).first()
    context = {"form": form, "organisation": membership.organisation if membership else None}
    return render(request, "portal/profile.html", context, status=422 if form.errors else 200)
