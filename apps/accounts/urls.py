"""Routes of accounts, under /api/v1."""

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("auth/signup", views.SignUpView.as_view()),
    path("auth/login", views.LoginView.as_view()),
    path("auth/refresh", views.RefreshView.as_view()),
    path("auth/logout", views.LogoutView.as_view()),
    path("auth/logout-all", views.LogoutAllView.as_view()),
    path("me", views.MeView.as_view()),
    path("me/password", views.PasswordView.as_view()),
    path("me/devices", views.DevicesView.as_view()),
    path("me/devices/<uuid:device_id>", views.DeviceView.as_view()),
    path("api-keys", views.ApiKeysView.as_view()),
    path("api-keys/<uuid:key_id>", views.ApiKeyView.as_view()),
]
