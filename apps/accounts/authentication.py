"""Who is calling: by access token or by API key."""

from rest_framework.authentication import BaseAuthentication


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request):
        return None


class ApiKeyAuthentication(BaseAuthentication):
    def authenticate(self, request):
        return None
