"""Makes the wiring an app, so that its management commands (runserver) come before Daphne's."""

from django.apps import AppConfig


class TradesimConfig(AppConfig):
    name = "tradesim"
    label = "tradesim"
