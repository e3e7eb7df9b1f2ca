"""Handrail's one settings file: every value from the environment, each with a default that works on one machine.

It names addresses and reads secrets; it never starts, creates or contacts anything. Only Django reads this module.
"""

import os
from urllib.parse import urlsplit

os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "false")

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal import embedded, environment

BASE_DIR = environment.BASE_DIR
HANDRAIL_DATA = environment.data_directory()
HANDRAIL_DB_ROLE = environment.current_role()
_PLACES = embedded.places(HANDRAIL_DATA)

DEBUG = environment.flag("HANDRAIL_DEBUG", default=False)
HANDRAIL_PORT = environment.number("PORT", 8000)
HANDRAIL_PUBLIC_URL = os.environ.get("HANDRAIL_PUBLIC_URL", f"http://localhost:{HANDRAIL_PORT}").rstrip("/")
_PUBLIC = urlsplit(HANDRAIL_PUBLIC_URL)
_LOCAL = _PUBLIC.hostname in {"localhost", "127.0.0.1", "::1"}

# There is no default secret: `bootstrap` makes one; a process without one can only run commands that need none.
SECRET_KEY = os.environ.get("HANDRAIL_SECRET_KEY") or environment.read_secret("secret_key") or ""
if SECRET_KEY and len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "HANDRAIL_SECRET_KEY is too short to protect anything: use 32 random characters or more."
    )
if not SECRET_KEY:
    SECRET_KEY = environment.ensure_secret("secret_key")
SECRET_KEY_FALLBACKS = environment.words("HANDRAIL_SECRET_KEY_FALLBACKS")

ALLOWED_HOSTS = environment.words("HANDRAIL_ALLOWED_HOSTS") or [
    *([_PUBLIC.hostname] if _PUBLIC.hostname else []),
    *(["localhost", "127.0.0.1", "[::1]"] if _LOCAL else []),
]
CSRF_TRUSTED_ORIGINS = [HANDRAIL_PUBLIC_URL]
HANDRAIL_BEHIND_PROXY = environment.flag("HANDRAIL_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HANDRAIL_BEHIND_PROXY else None
_HTTPS = _PUBLIC.scheme == "https"
if not _HTTPS and not _LOCAL and not environment.flag("HANDRAIL_ALLOW_HTTP", default=False):
    raise ImproperlyConfigured(
        "HANDRAIL_PUBLIC_URL is neither https nor this machine, so passwords would travel in the open. "
        "Use https, or set HANDRAIL_ALLOW_HTTP=1 on a network that you trust."
    )
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Two Handrails on one machine share its cookies: the name keeps their sessions apart.
SESSION_COOKIE_NAME = f"handrail_{HANDRAIL_PORT}_session" if _LOCAL else "handrail_session"
CSRF_COOKIE_NAME = f"handrail_{HANDRAIL_PORT}_csrf" if _LOCAL else "handrail_csrf"
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # release() finds the person by the session's row
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"  # Wagtail's preview frames our own pages
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"

INSTALLED_APPS = [
    "agents",
    "triage",
    "portal",
    "kb",
    "wagtail.contrib.redirects",
    "wagtail.contrib.typed_table_block",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    *(["portal.middleware.AddressBehindProxy"] if HANDRAIL_BEHIND_PROXY else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.ContentSecurityForEditors",
    "portal.middleware.KeepOutOfEngines",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.middleware.Audiences",
    "kb.moved.MovedArticles",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ],
        },
    },
]

_SERVER = environment.database_server(_PLACES.postgres_socket_directory)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _SERVER.name,
        "HOST": _SERVER.host,
        "PORT": str(_SERVER.port),
        "USER": f"handrail_{HANDRAIL_DB_ROLE}",
        "PASSWORD": environment.read_secret(f"db_handrail_{HANDRAIL_DB_ROLE}"),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "application_name": f"handrail-{HANDRAIL_DB_ROLE}"},
    }
}
HANDRAIL_DATABASE_NAME = _SERVER.name  # the site's own, whatever a throw-away connection points at
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"},
    # Wagtail keeps renditions here beside their own table, and writes each anew whenever a page shows it.
    "renditions": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.adapters.OutboxAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True  # one address an account: requests belong to the person behind it
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_FORMS = {
    "login": "portal.accountforms.LoginForm",
    "signup": "portal.accountforms.SignupForm",
    "reset_password": "portal.accountforms.ResetPasswordForm",
    "reset_password_from_key": "portal.accountforms.ResetPasswordKeyForm",
    "change_password": "portal.accountforms.ChangePasswordForm",
    "set_password": "portal.accountforms.SetPasswordForm",
    "add_email": "portal.accountforms.AddEmailForm",
    "reauthenticate": "portal.accountforms.ReauthenticateForm",
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]  # one that has no catalogue of its own would show pages in two languages
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = HANDRAIL_DATA / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = HANDRAIL_DATA / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    # Customers' files: no address of their own, served by one view to those who may see them.
    "attachments": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": HANDRAIL_DATA / "files", "base_url": None},
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
HANDRAIL_ATTACHMENT_BYTES = environment.number("HANDRAIL_ATTACHMENT_BYTES", 10 * 1024 * 1024)
HANDRAIL_ATTACHMENTS_PER_MESSAGE = environment.number("HANDRAIL_ATTACHMENTS_PER_MESSAGE", 5)

# Nothing but our own files, ever; /cms/ alone is widened, by portal.middleware, for Wagtail's pickers.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    }
}

WAGTAIL_SITE_NAME = "Handrail"
WAGTAILADMIN_BASE_URL = HANDRAIL_PUBLIC_URL
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAILADMIN_LOGIN_URL = "account_login"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILDOCS_SERVE_METHOD = "serve_view"  # so that each reader is checked, and no address leads past it
WAGTAILDOCS_INLINE_CONTENT_TYPES: list[str] = []
WAGTAILDOCS_EXTENSIONS = ["csv", "pdf", "txt", "zip"]

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

# Celery: one queue per kind of work. A web process waits for a lost broker half a second, never longer.
_REDIS_URL = os.environ.get("REDIS_URL", "").strip()
CELERY_BROKER_URL = _REDIS_URL or f"redis+socket://{_PLACES.redis_socket}"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 0.5,
    **({"socket_timeout": 1.0, "max_retries": 1, "interval_start": 0.1} if HANDRAIL_DB_ROLE == "web" else {}),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60  # a triage worker loads its embedder before it reports for work
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_TASK_DEFAULT_QUEUE = "interactive"
# Every signal that could be missed has a sweep; these are their periods, in seconds.
CELERY_BEAT_SCHEDULE = {
    "deliver due mail": {"task": "portal.deliver_due_mail", "schedule": 2.0, "options": {"expires": 10}},
    "set stuck mail aside": {"task": "portal.set_stuck_mail_aside", "schedule": 60.0, "options": {"expires": 60}},
    "measure first answers": {
        "task": "portal.measure_first_responses",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "forget what is over": {"task": "portal.prune", "schedule": 3600.0, "options": {"expires": 3600}},
    "triage what was missed": {"task": "triage.sweep_untriaged", "schedule": 20.0, "options": {"expires": 20}},
    "settle the ladder": {"task": "triage.settle_ladder", "schedule": 300.0, "options": {"expires": 300}},
    "reconcile the index": {"task": "kb.reconcile_index", "schedule": 300.0, "options": {"expires": 300}},
}

# Mail leaves by SMTP from the mailer alone; its password is a secret file that only the mailer's host needs.
_SENDS_MAIL = HANDRAIL_DB_ROLE == "mailer"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if _SENDS_MAIL else "portal.mail.closed.ClosedBackend"
EMAIL_HOST = os.environ.get("HANDRAIL_SMTP_HOST", "")
EMAIL_PORT = environment.number("HANDRAIL_SMTP_PORT", 25)
EMAIL_HOST_USER = os.environ.get("HANDRAIL_SMTP_USER", "")
EMAIL_HOST_PASSWORD = environment.read_secret("smtp_password") if _SENDS_MAIL else ""
EMAIL_USE_TLS = environment.flag("HANDRAIL_SMTP_STARTTLS", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("HANDRAIL_FROM_EMAIL") or f"support@{_PUBLIC.hostname or 'localhost'}"

# What the site decides.
HANDRAIL_NAME = os.environ.get("HANDRAIL_NAME", "Handrail")
HANDRAIL_DEMO = environment.flag("HANDRAIL_DEMO", default=False)
HANDRAIL_AUTOMATE_UNKNOWN = environment.flag("HANDRAIL_AUTOMATE_UNKNOWN", default=False)
HANDRAIL_DRAFTING = environment.flag("HANDRAIL_DRAFTING", default=True)
# In per cent: the precision that blind checks must prove before triage files by itself.
HANDRAIL_LADDER_BAR = environment.percentage("HANDRAIL_LADDER_BAR", 95)
# A chat model, optional: an OpenAI-compatible endpoint. Its key is read by the process that asks, and by no other.
HANDRAIL_ALLOWED_CONTACTS = environment.words("HANDRAIL_ALLOWED_CONTACTS")
HANDRAIL_LLM_URL = os.environ.get("HANDRAIL_LLM_URL", "").strip()
HANDRAIL_LLM_MODEL = os.environ.get("HANDRAIL_LLM_MODEL", "").strip()
HANDRAIL_LLM_SECONDS = environment.number("HANDRAIL_LLM_SECONDS", 20)
HANDRAIL_LLM_PARAMETERS = os.environ.get("HANDRAIL_LLM_PARAMETERS", "").strip()
HANDRAIL_LLM_ALLOW_HTTP = environment.flag("HANDRAIL_LLM_ALLOW_HTTP", default=False)
# How drafts greet (`{name}` is the requester's) and end, in the site's own words; each person may change them.
HANDRAIL_DRAFT_GREETING = os.environ.get("HANDRAIL_DRAFT_GREETING", "")
HANDRAIL_DRAFT_SIGN_OFF = os.environ.get("HANDRAIL_DRAFT_SIGN_OFF", "").replace("\\n", "\n")
HANDRAIL_UNDO_SECONDS = environment.number("HANDRAIL_UNDO_SECONDS", 10)
HANDRAIL_EMBEDDER_DIR = os.environ.get("HANDRAIL_EMBEDDER_DIR", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "portal.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("HANDRAIL_LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("httpx", "haystack", "django_tasks", "wagtail")},
}
