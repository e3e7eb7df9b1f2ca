"""The WSGI entry point. Serving starts only after this process's role and the send guard were found whole."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.db import connection

from portal.guard import require_guard

require_guard()
connection.close()  # opened before the fork; each web process opens its own
