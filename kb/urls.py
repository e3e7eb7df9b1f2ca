"""Addresses of kb under the namespace `kb`; Wagtail serves the articles at their place in the tree."""

from django.urls import path

from kb import publishing, views
from kb.feeds import FEED

app_name = "kb"

urlpatterns = [
    path("search/", views.search_articles, name="search"),
    path(FEED, publishing.feed, name="feed"),
    path(f"<path:section>/{FEED}", publishing.feed, name="section_feed"),
]
