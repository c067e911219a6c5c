"""Routes of a trader's exchanges, below /api/v1."""

from django.urls import path

from apps.simulator_sessions import progress_stream, views

_one = "sessions/<uuid:session_id>"

urlpatterns = [
    path("sessions", views.SessionsView.as_view(), name="sessions"),
    path(_one, views.SessionView.as_view(), name="session"),
    path(f"{_one}/progress", progress_stream.progress, name="session-progress"),
    path(f"{_one}/clock", views.ClockView.as_view(), name="session-clock"),
    path(f"{_one}/hibernate", views.HibernateView.as_view(), name="session-hibernate"),
    path(f"{_one}/wake", views.WakeView.as_view(), name="session-wake"),
    path(f"{_one}/stop", views.StopView.as_view(), name="session-stop"),
    path(f"{_one}/snapshots", views.SnapshotsView.as_view(), name="session-snapshots"),
    path(f"{_one}/instruments", views.InstrumentsView.as_view(), name="session-instruments"),
    path(f"{_one}/book", views.BookView.as_view(), name="session-book"),
    path(f"{_one}/trades", views.TradesView.as_view(), name="session-trades"),
    path(f"{_one}/candles", views.CandlesView.as_view(), name="session-candles"),
]
