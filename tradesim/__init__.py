"""Wiring only: settings, entry points and routes. No rule of the product may live here."""

from tradesim.celery import app as celery_app

__all__ = ["celery_app"]
