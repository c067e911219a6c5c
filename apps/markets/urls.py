"""Routes of markets, under /api/v1."""

from django.urls import path

from apps.markets import views

urlpatterns = [
    path("scenarios", views.ScenariosView.as_view()),
    path("scenarios/<slug:slug>", views.ScenarioView.as_view()),
    path("scenarios/<slug:slug>/days", views.ScenarioDaysView.as_view()),
]
