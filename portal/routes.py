"""The customer's addresses, under the namespace `portal`."""

from django.urls import path

from portal.views import conversation, erasure, files, filing, flags, home, outbox, profile, suggestions, verdicts

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("requests/", conversation.tickets, name="tickets"),
    path("requests/new/", filing.file_ticket, name="file_ticket"),
    path("requests/suggestions/", suggestions.suggestions, name="suggestions"),
    path("requests/follow/<str:token>/", conversation.follow_by_link, name="follow"),
    path("requests/<int:number>/", conversation.ticket_by_number, name="ticket"),
    path("requests/<uuid:reference>/", conversation.ticket, name="ticket"),
    path("requests/<uuid:reference>/receipt/", filing.receipt, name="receipt"),
    path("requests/<uuid:reference>/reply/", conversation.reply, name="reply"),
    path("requests/<uuid:reference>/solved/", conversation.close_ticket, name="close_ticket"),
    path("requests/<uuid:reference>/reopen/", conversation.reopen, name="reopen_ticket"),
    path("requests/<uuid:reference>/verdict/", verdicts.reply, name="judge_reply"),
    path("requests/<uuid:reference>/files/<uuid:public_id>/", files.attachment, name="attachment"),
    path("verdicts/articles/<int:pk>/", verdicts.article, name="judge_article"),
    path("flags/articles/<int:pk>/", flags.flag, name="flag_article"),
    path("mail/aside/", outbox.aside, name="mail_aside"),
    path("mail/aside/<int:pk>/", outbox.decide, name="decide_on_mail"),
    path("people/<int:person>/erase/", erasure.erase, name="erase_person"),
    path("profile/", profile.profile, name="profile"),
]
