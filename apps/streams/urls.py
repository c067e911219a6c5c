"""Addresses of the streams under /api/v1."""

from __future__ import annotations

from django.urls import path

from apps.streams import views

urlpatterns = [
    path("stream-tickets", views.StreamTicketsView.as_view()),
    path("sessions/<uuid:session_id>/events", views.EventsView.as_view()),
]
