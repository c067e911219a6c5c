"""Routes of profiles, under /api/v1."""

from django.urls import path

from apps.profiles import views

urlpatterns = [
    path("me/preferences", views.PreferencesView.as_view()),
    path("me/layouts", views.LayoutsView.as_view()),
    path("me/layouts/<uuid:layout_id>", views.LayoutView.as_view()),
    path("portfolio-configurations", views.PortfolioConfigurationsView.as_view()),
    path("portfolio-configurations/<uuid:configuration_id>", views.PortfolioConfigurationView.as_view()),
]
