"""Addresses of kb under the namespace `kb`; Wagtail serves the articles at their place in the tree."""

from django.urls import path

from kb import views

app_name = "kb"

urlpatterns = [
    path("search/", views.search_articles, name="search"),
]
