"""Who you are: users, logins as refresh families, access tokens, API keys."""
