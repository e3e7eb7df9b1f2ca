"""The console's addresses, under the namespace `agents`."""

from django.urls import path

from agents.views import drafting, drafts, fields, inserts, ladder, macros, queue, replies, report, search, ticket

app_name = "agents"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("arrivals/", queue.arrivals, name="arrivals"),
    path("single-keys/", queue.single_keys, name="single_keys"),
    path("drafting/", drafting.drafting, name="drafting"),
    path("filing/", ladder.ladder, name="ladder"),
    path("filing/<int:category>/", ladder.rung, name="rung"),
    path("search/", search.search_health, name="search_health"),
    path("macros/", macros.macros, name="macros"),
    path("macros/new/", macros.new_macro, name="new_macro"),
    path("macros/<int:macro>/", macros.edit_macro, name="edit_macro"),
    path("macros/<int:macro>/active/", macros.macro_active, name="macro_active"),
    path("tickets/<int:number>/take/", queue.take, name="take"),
    path("report/", report.report, name="report"),
    path("report/requests/", report.report_requests, name="report_requests"),
    path("report/table.csv", report.report_table, name="report_table"),
    path("tickets/<int:number>/", ticket.ticket, name="ticket"),
    path("tickets/<int:number>/triage/", ticket.triage_pane, name="triage_pane"),
    path("tickets/<int:number>/news/", ticket.news, name="news"),
    path("tickets/<int:number>/leave/", ticket.leave, name="leave"),
    path("tickets/<int:number>/passages/", inserts.passages, name="passages"),
    path("tickets/<int:number>/look-up/", inserts.look_up, name="look_up"),
    path("tickets/<int:number>/passages/<int:passage>/cite/", inserts.cite, name="cite"),
    path("tickets/<int:number>/macro/", inserts.macro, name="use_macro"),
    path("tickets/<int:number>/keep/", replies.keep, name="keep"),
    path("tickets/<int:number>/preview/", replies.preview, name="preview"),
    path("tickets/<int:number>/send/", replies.send, name="send"),
    path("tickets/<int:number>/note/", replies.note, name="note"),
    path("tickets/<int:number>/messages/<int:message>/withdraw/", replies.withdraw, name="withdraw"),
    path("tickets/<int:number>/messages/<int:message>/take-back/", replies.take_back, name="take_back"),
    path("tickets/<int:number>/drafts/<int:draft>/use/", drafts.use, name="use_draft"),
    path("tickets/<int:number>/drafts/<int:draft>/reject/", drafts.reject, name="reject_draft"),
    path("tickets/<int:number>/steps/<int:step>/use/", drafts.use_next_step, name="use_step"),
    path("tickets/<int:number>/read-again/", drafts.read_again, name="read_again"),
    path("tickets/<int:number>/category/", fields.category, name="category"),
    path("tickets/<int:number>/priority/", fields.priority, name="priority"),
    path("tickets/<int:number>/assignee/", fields.assignee, name="assignee"),
    path("tickets/<int:number>/solve/", fields.solve, name="solve"),
    path("tickets/<int:number>/reopen/", fields.reopen, name="reopen"),
]
