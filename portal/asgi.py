"""The ASGI entry point, for servers that speak it; the same checks as in wsgi.py come first."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()

from django.db import connection

from portal.guard import require_guard

require_guard()
connection.close()
