"""Addresses of the orders under /api/v1."""

from __future__ import annotations

from django.urls import path

from apps.orders import views

urlpatterns = [
    path("sessions/<uuid:session_id>/orders", views.OrdersView.as_view()),
    path("sessions/<uuid:session_id>/orders/preview", views.OrderPreviewView.as_view()),
    path("sessions/<uuid:session_id>/orders/<str:client_order_id>", views.OrderView.as_view()),
    path("sessions/<uuid:session_id>/positions/<str:symbol>/flatten", views.FlattenView.as_view()),
    path("sessions/<uuid:session_id>/positions/<str:symbol>/reverse", views.ReverseView.as_view()),
    path("sessions/<uuid:session_id>/executions", views.ExecutionsView.as_view()),
]
