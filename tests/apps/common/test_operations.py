"""Health, metrics, the terminal's page, headers, background work, and production that refuses to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from celery import shared_task
from django.conf import settings as live
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import Client

from apps.common import background, checks, health
from apps.common.production import problems
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]


def test_healthz_asks_nobody(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.fixture
def extra_check():
    yield lambda check: health.register("extra", check)
    health.unregister("extra")


@pytest.fixture
def _only_our_checks(monkeypatch):
    """Other apps' checks ask for servers that this test does not run."""
    ours = {name: health._checks[name] for name in ("database", "broker", "channel_layer")}
    monkeypatch.setattr(health, "_checks", ours)


@pytest.mark.usefixtures("_only_our_checks", "transactional_db")
def test_readyz_names_what_is_missing(client, extra_check, settings):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"]["database"] == "ok"
    extra_check(lambda: 1 / 0)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["extra"]) == (503, "failed")
    assert "division" not in answer.content.decode()


@pytest.mark.usefixtures("_only_our_checks", "transactional_db")
def test_readyz_answers_though_a_check_hangs(client, extra_check, settings):
    import threading

    settings.READINESS_TIMEOUT_SECONDS = 0.2
    release = threading.Event()
    extra_check(lambda: release.wait(30))
    try:
        assert client.get("/readyz").json()["checks"]["extra"] == "timeout"
    finally:
        release.set()


def test_metrics_are_for_allowed_addresses_that_come_directly(client, settings):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert b"tradesim_problems_total" in answer.content
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    settings.METRICS_ALLOWED_ADDRESSES = ["203.0.113.0/24"]
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 200
    assert client.post("/metrics").status_code == 405


def test_every_other_address_is_the_terminal(client, settings, tmp_path):
    settings.TERMINAL_PAGE = tmp_path / "index.html"
    answer = client.get("/t/some-session")
    assert answer.status_code == 503
    assert b"make setup" in answer.content
    (tmp_path / "index.html").write_text("<!doctype html>the terminal")
    for path in ("/", "/login", "/t/some-session", "/profile/devices"):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (200, b"<!doctype html>the terminal")
        assert answer.headers["Cache-Control"] == "no-cache"
    assert client.post("/login").status_code == 405
    for path in ("/api/nothing", "/static/nothing.js", "/ws/v1/nothing"):
        assert client.get(path).status_code == 404


def test_headers_are_strict(client, db):
    answer = client.get("/api/v1/scenarios")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["connect-src"] == "'self' ws: wss:"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_schema_and_its_page_are_served(client, db):
    answer = client.get("/api/schema", headers={"Accept": "application/json"})
    assert answer.json()["openapi"].startswith("3.1")
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert b"<script>" not in page.content


_ran: list[int] = []


@shared_task(name="tests.note")
def _note(number: int) -> None:
    _ran.append(number)


def test_work_begins_after_the_commit_and_never_after_a_rollback(transactional_db):
    _ran.clear()
    with transaction.atomic():
        background.enqueue("tests.note", number=1)
        assert _ran == []
    assert _ran == [1]

    with transaction.atomic():
        background.enqueue("tests.note", number=2)
        transaction.set_rollback(True)
    background.enqueue("tests.note", number=3)
    assert _ran == [1, 3]


def test_work_on_a_laptop_runs_beside_the_request(transactional_db, settings):
    settings.BACKGROUND_BACKEND = "apps.common.background.ThreadBackend"
    _ran.clear()
    background.enqueue("tests.note", number=4)
    eventually(lambda: _ran == [4])


def test_an_unknown_task_is_a_fault(transactional_db):
    with pytest.raises(background.UnknownTask):
        background.enqueue("no.such.task")


def test_a_broker_that_is_away_does_not_undo_the_callers_work(transactional_db, settings, monkeypatch):
    settings.BACKGROUND_BACKEND = "apps.common.background.CeleryBackend"

    def away(*_, **__):
        raise ConnectionError

    monkeypatch.setattr("apps.common.background.current_app.send_task", away)
    background.enqueue("tests.note", number=5)


def _good(tmp_path):
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text("pem")
    redis = "redis://redis:6379/0"
    return {
        "DEBUG": False,
        "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
        "CHANNEL_LAYERS": {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}},
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
        "RATE_LIMIT_STORAGE": redis,
        "CELERY_TASK_ALWAYS_EAGER": False,
        "CELERY_BROKER_URL": redis,
        "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ------",
        "JWT_SIGNING_KEY": "bcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJK------",
        "SIMULATOR_TOKEN_KEY": "cdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL------",
        "ALLOWED_HOSTS": ["sim.example.com"],
        "WEBSOCKET_ORIGINS": ["https://sim.example.com"],
        "GRPC_TLS": {name: str(tmp_path / name) for name in ("ca", "cert", "key")},
    }


def test_good_production_settings_have_no_problem(tmp_path):
    assert problems(_good(tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"DEBUG": True}, "DEBUG"),
        ({"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}, "PostgreSQL"),
        ({"DATABASES": {}}, "DATABASE_URL"),
        ({"CHANNEL_LAYERS": {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}}, "channel layer"),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}}, "cache"),
        ({"RATE_LIMIT_STORAGE": "memory://"}, "Rate limits"),
        ({"CELERY_TASK_ALWAYS_EAGER": True}, "eager"),
        ({"CELERY_BROKER_URL": "memory://"}, "broker"),
        ({"SECRET_KEY": ""}, "TRADESIM_SECRET_KEY"),
        ({"JWT_SIGNING_KEY": "a" * 60}, "TRADESIM_JWT_SIGNING_KEY is weak"),
        ({"SIMULATOR_TOKEN_KEY": "short"}, "TRADESIM_SIMULATOR_TOKEN_KEY is weak"),
        ({"JWT_SIGNING_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ------"}, "the same"),
        ({"ALLOWED_HOSTS": ["*"]}, "TRADESIM_ALLOWED_HOSTS"),
        ({"WEBSOCKET_ORIGINS": []}, "TRADESIM_ALLOWED_ORIGINS"),
        ({"GRPC_TLS": {"ca": "", "cert": "/no/such/file", "key": ""}}, "TRADESIM_GRPC_TLS_CERT names no file"),
    ],
)
def test_production_names_each_problem(tmp_path, change, says):
    found = problems({**_good(tmp_path), **change})
    assert any(says in sentence for sentence in found), found


def test_the_checks_say_the_same_only_in_production(settings):
    assert checks.production() == []
    settings.PRODUCTION = True
    assert any("PostgreSQL" in error.msg for error in checks.production()) or live.DATABASES["default"][
        "ENGINE"
    ].endswith("postgresql")
    with pytest.raises(ImproperlyConfigured):
        checks.refuse_unsafe_production()


def _boot(code, **env):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TRADESIM", "DJANGO"))}
    for name in ("DATABASE_URL", "REDIS_URL"):
        clean.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**clean, "DJANGO_SETTINGS_MODULE": "tradesim.settings.prod", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("door", ["tradesim.wsgi", "tradesim.asgi"])
def test_a_bare_production_server_refuses_to_start_and_says_everything(door, tmp_path):
    result = _boot(f"import {door}", TRADESIM_VAR=str(tmp_path))
    assert result.returncode != 0
    for needed in (
        "DATABASE_URL",
        "REDIS_URL",
        "TRADESIM_SECRET_KEY",
        "TRADESIM_GRPC_TLS_CA",
        "TRADESIM_ALLOWED_HOSTS",
    ):
        assert needed in result.stderr


def test_a_whole_production_environment_starts(tmp_path):
    good = _good(tmp_path)
    env = {f"TRADESIM_{name}": good[name] for name in ("SECRET_KEY", "JWT_SIGNING_KEY")}
    secret = tmp_path / "token-key"
    secret.write_text(good["SIMULATOR_TOKEN_KEY"] + "\n")
    env |= {f"TRADESIM_GRPC_TLS_{part.upper()}": path for part, path in good["GRPC_TLS"].items()}
    result = _boot(
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('check', deploy=True, fail_level='WARNING')",
        TRADESIM_VAR=str(tmp_path),
        TRADESIM_SIMULATOR_TOKEN_KEY_FILE=str(secret),
        TRADESIM_ALLOWED_HOSTS="sim.example.com",
        TRADESIM_ALLOWED_ORIGINS="https://sim.example.com",
        DATABASE_URL="postgresql://u:p@127.0.0.1:1/db",
        REDIS_URL="redis://127.0.0.1:1/0",
        **env,
    )
    assert result.returncode == 0, result.stderr


def test_a_laptops_secrets_are_made_once_and_private(tmp_path):
    code = "from django.conf import settings as s; print(s.SECRET_KEY, s.JWT_SIGNING_KEY, s.SIMULATOR_TOKEN_KEY)"
    runs = [
        _boot(code, TRADESIM_VAR=str(tmp_path), DJANGO_SETTINGS_MODULE="tradesim.settings.dev").stdout for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0].split())) == 3
    for path in (tmp_path / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_admin_pages_open_for_every_model(make_user):
    from django.contrib import admin
    from django.urls import reverse

    client = Client()
    client.force_login(make_user(role="admin"))
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(url).status_code == 200, url


@pytest.mark.usefixtures("_only_our_checks", "transactional_db")
def test_readyz_asks_the_journal(client, settings, tmp_path):
    from concurrent import futures

    import grpc
    from grpc_health.v1 import health as grpc_health
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    settings.JOURNAL_TARGET = f"unix:{tmp_path}/j.sock"
    health.register("journal", health.check_journal)
    settings.READINESS_TIMEOUT_SECONDS = 1.0
    assert client.get("/readyz").json()["checks"]["journal"] in ("failed", "timeout")
    servicer = grpc_health.HealthServicer()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(settings.JOURNAL_TARGET)
    server.start()
    try:
        name = settings.JOURNAL_SERVICE_NAME
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
        assert eventually(lambda: client.get("/readyz").json()["checks"]["journal"] == "ok")
        servicer.set(name, health_pb2.HealthCheckResponse.NOT_SERVING)
        assert client.get("/readyz").json()["checks"]["journal"] == "failed"
    finally:
        server.stop(0).wait()


def test_the_journals_name_is_the_contracts(settings):
    from simulator_engine.contract.v1 import journal_pb2

    full_name = journal_pb2.DESCRIPTOR.services_by_name["JournalService"].full_name
    assert full_name == settings.JOURNAL_SERVICE_NAME
