"""Addresses of the portfolio under /api/v1."""

from __future__ import annotations

from django.urls import path

from apps.portfolio import views

urlpatterns = [
    path("sessions/<uuid:session_id>/positions", views.PositionsView.as_view()),
    path("sessions/<uuid:session_id>/account", views.AccountView.as_view()),
    path("sessions/<uuid:session_id>/ledger", views.LedgerView.as_view()),
]
