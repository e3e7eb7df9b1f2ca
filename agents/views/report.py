"""A lead's report, the requests behind each of its numbers, and the same as a file for a spreadsheet."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from agents.reportpage import name_of, query_of, read_report
from agents.reports import FATES, FEWEST, MOST_DAYS, Period, behind
from agents.reporttable import as_rows
from agents.views.access import lead_page, rep_of

PER_PAGE = 50
USUAL_DAYS = 28


@dataclass(frozen=True)
class Choice:
    """A period that is one press away."""

    label: str
    query: str
    is_chosen: bool


@lead_page
@require_GET
def report(request: HttpRequest) -> HttpResponse:
    """The numbers of a period."""
    period, problem = read_period(request)
    context = {
        "report": read_report(period),
        "period": period,
        "problem": problem,
        "choices": _choices(period),
        "query": query_of(period),
        "fate_labels": FATES.values(),
        "fewest": FEWEST,
    }
    return render(request, "agents/report.html", context)


@lead_page
@require_GET
def report_requests(request: HttpRequest) -> HttpResponse:
    """The requests that a number of the report counted."""
    period, _problem = read_period(request)
    number = request.GET.get("of", "")
    found = behind(number, reader=rep_of(request), period=period)
    if found is None:
        raise Http404(_("The report has no such number."))
    tickets = found.select_related("category", "organisation", "requester").order_by("-pk")
    page = Paginator(tickets, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "period": period, "query": query_of(period), "of": number, "what": name_of(number)}
    return render(request, "agents/report_requests.html", context)


@lead_page
@require_GET
def report_table(request: HttpRequest) -> HttpResponse:
    """The report as CSV: nothing in it is a formula to a spreadsheet."""
    period, _problem = read_period(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"report-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(as_rows(read_report(period)))
    return response


def read_period(request: HttpRequest) -> tuple[Period, str]:
    """The period that was asked for, and what was wrong with it; the last four weeks where nothing was."""
    today = timezone.now().date()
    usual = Period(today - timedelta(days=USUAL_DAYS - 1), today)
    asked = request.GET.get("from", ""), request.GET.get("to", "")
    if not any(asked):
        return usual, ""
    try:
        first, last = (date.fromisoformat(text) for text in asked)
    except ValueError:
        return usual, _("Choose both days, as in 2026-11-23. These are the last four weeks.")
    if first > last:
        first, last = last, first
    if (last - first).days >= MOST_DAYS or last.year > today.year + 1:
        return usual, _("A report covers a year at most. These are the last four weeks.")
    return Period(first, last), ""


def _choices(period: Period) -> list[Choice]:
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday())
    offered = [
        (_("This week"), Period(monday, today)),
        (_("Last week"), Period(monday - timedelta(days=7), monday - timedelta(days=1))),
        (_("Four weeks"), Period(today - timedelta(days=USUAL_DAYS - 1), today)),
        (_("Twelve weeks"), Period(today - timedelta(days=83), today)),
    ]
    return [Choice(label, query_of(one), one == period) for label, one in offered]
