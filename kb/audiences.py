"""Who may read: opaque keys that an article names one of and a reader brings a few of.

What a key stands for is decided by the composition root, which puts a reader's keys on the request.
"""

from django.http import HttpRequest

PUBLIC = "public"
STAFF = "staff"
PUBLIC_ONLY = frozenset({PUBLIC})


def audiences_of(request: HttpRequest) -> frozenset[str]:
    """The reader's audience keys, put on the request by the composition root; without them a reader is the public."""
    audiences = getattr(request, "audiences", None)
    return frozenset(audiences) if audiences is not None else PUBLIC_ONLY
