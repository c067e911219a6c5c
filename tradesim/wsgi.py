"""WSGI entry point: REST, admin and the built terminal (granian in production)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradesim.settings.prod")

application = get_wsgi_application()
