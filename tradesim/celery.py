"""The Celery application: tasks are found in each app's tasks module and named explicitly."""

from celery import Celery

app = Celery("tradesim")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
