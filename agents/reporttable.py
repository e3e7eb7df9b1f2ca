"""The report as rows for a spreadsheet: part, of what, measure, value. No cell is a formula to whoever opens it."""

from django.utils.translation import gettext as _

from agents.reportpage import Report
from agents.reports import FATES


def as_rows(report: Report) -> list[list[str]]:
    """The report as a table for a spreadsheet: part, row, measure, value."""
    rows = [[_("Part"), _("Of"), _("Measure"), _("Value")]]
    for part, volumes in (
        (_("All"), [report.total]),
        (_("Category"), report.categories),
        (_("Channel"), report.channels),
    ):
        for row in volumes:
            told = [
                (_("Filed"), str(row.filed.n)),
                (_("Answered"), str(row.answered.n)),
                (_("Waiting for a first answer"), str(row.waiting.n)),
                (_("Closed without an answer"), str(row.closed.n)),
                (_("First answer, median"), row.median),
                (_("First answer, 90 % within"), row.ninetieth),
            ]
            rows += [[part, row.label, measure, value] for measure, value in told]
    rows += [[_("Week from"), label, _("Filed"), str(count.n)] for label, count in report.weeks]
    rows.append([_("Drafts"), "", _("Offered"), str(report.drafts)])
    rows += [[_("Drafts"), "", row.label, str(row.count.n)] for row in report.fates]
    rows += [[_("Drafts rejected"), "", row.label, str(row.count.n)] for row in report.reasons]
    for draft_row in report.draft_categories:
        counts = zip([_("Offered"), *map(str, FATES.values())], [draft_row.offered, *draft_row.fates], strict=True)
        rows += [[_("Drafts by category"), draft_row.label, measure, str(count.n)] for measure, count in counts]
    for article in report.articles:
        rows += [[_("Articles, drafts rejected"), article.title, reason, str(n)] for reason, n in article.reasons]
    shown = report.shown
    rows += [
        [_("Articles beside the form"), "", _("Requests with articles shown"), str(shown.requests)],
        [_("Articles beside the form"), "", _("Requests with an article opened"), str(shown.opened_on)],
    ]
    for asked, tally in (
        (_("Articles, asked"), report.said.of_articles),
        (_("Replies, asked"), report.said.of_replies),
    ):
        rows += [[asked, "", _("said it solved the problem"), str(tally.solved)]]
        rows += [[asked, "", _("said it did not"), str(tally.unsolved)]]
    return [[without_formula(cell) for cell in row] for row in rows]


def without_formula(cell: str) -> str:
    """The cell as words to a spreadsheet, which takes one that begins like a formula for one (OWASP: CSV injection)."""
    return f"'{cell}" if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
