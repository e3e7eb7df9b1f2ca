"""The site's addresses. Apps to the right are named by string only."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from kb import account, publishing
from portal.views import health, mailbox, media, robots

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("robots.txt", robots.robots, name="robots"),
    path("sitemap.xml", publishing.sitemap, name="sitemap"),
    path("sitemap-<int:part>.xml", publishing.sitemap_part, name="sitemap_part"),
    path("media/<path:name>", media.image, name="media"),
    path("documents/", include("wagtail.documents.urls")),
    path("demo/mailbox/", mailbox.demo_mailbox, name="demo_mailbox"),
    # One way in: allauth's. Its sign-in writes the session row that release() looks for.
    path("cms/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("admin/", admin.site.urls),
    # People, their passwords and roles are managed in one audited place; Wagtail's own pages for it are not opened.
    re_path(r"^cms/(?:users|bulk/portal/user)/", RedirectView.as_view(pattern_name="admin:portal_user_changelist")),
    path("cms/account/", account.account),
    path("cms/", include("wagtail.admin.urls")),
    path("accounts/", include("allauth.urls")),
    path("articles/", include("kb.urls")),
    path("articles/", include("wagtail.urls")),
    path("console/", include("agents.urls")),
    path("", include("portal.routes")),
]

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler429 = "portal.views.errors.too_often"  # allauth asks for it by this name
handler500 = "portal.views.errors.server_error"
