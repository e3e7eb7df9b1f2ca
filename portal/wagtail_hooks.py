"""Tells the article editor which organisations there are: kb itself knows audiences as opaque keys alone."""

from django.utils.translation import gettext as _
from wagtail import hooks

from portal.models import Organisation
from portal.permissions import organisation_audience


def organisations() -> list[tuple[str, str]]:
    return [
        (organisation_audience(pk), _("Only %(organisation)s") % {"organisation": name})
        for pk, name in Organisation.objects.values_list("pk", "name")
    ]


hooks.register("article_audiences", organisations)
