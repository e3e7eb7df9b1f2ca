"""Says of an article what its record says and its fields do not: that one person put it out alone."""

from django import template

from kb.emergency import unreviewed_emergency
from kb.models import ArticleApproval, ArticlePage

register = template.Library()


@register.simple_tag
def published_alone(article: ArticlePage) -> ArticleApproval | None:
    return unreviewed_emergency(article)
