"""Django's entry for sessions; the folder is not called `sessions` because Django owns that label."""

from django.apps import AppConfig


class SimulatorSessionsConfig(AppConfig):
    name = "apps.simulator_sessions"
    label = "simulator_sessions"
    verbose_name = "simulator sessions"
    default_auto_field = "django.db.models.BigAutoField"
