"""Is the process alive, may it be given work, what do its counters say. Apps register what "ready" asks."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout

import orjson
import structlog
from django.conf import settings
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from apps.common import context, problems, telemetry

log = structlog.get_logger(__name__)

Check = Callable[[], None]
_checks: dict[str, Check] = {}
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="readiness")


def register(name: str, check: Check) -> None:
    """Adds a readiness check: a function without arguments that returns when well and raises when not."""
    _checks[name] = check


def unregister(name: str) -> None:
    _checks.pop(name, None)


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def check_broker() -> None:
    """The Celery broker answers. On a laptop there is none to ask."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    _ping_redis(settings.CELERY_BROKER_URL)


def check_channel_layer() -> None:
    layer = settings.CHANNEL_LAYERS.get("default", {})
    if "redis" not in layer.get("BACKEND", "").lower():
        return
    for host in layer["CONFIG"]["hosts"]:
        _ping_redis(host if isinstance(host, str) else host["address"])


def check_journal() -> None:
    """The journal service says that it serves, over the channel that its clients use."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    from simulator_engine.config import TlsFiles
    from simulator_engine.runtime.channels import channel_credentials, channel_options

    target, files = settings.JOURNAL_TARGET, settings.GRPC_TLS
    tls = None
    if not target.startswith("unix:") and all(files.values()):
        tls = TlsFiles(authority=files["ca"], certificate=files["cert"], key=files["key"])
    credentials, options = channel_credentials(tls), channel_options(target)
    channel = (
        grpc.insecure_channel(target, options)
        if credentials is None
        else grpc.secure_channel(target, credentials, options)
    )
    with channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service=settings.JOURNAL_SERVICE_NAME),
            timeout=settings.READINESS_TIMEOUT_SECONDS,
        )
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise RuntimeError("the journal does not serve")


def _ping_redis(url: str) -> None:
    import redis

    timeout = settings.READINESS_TIMEOUT_SECONDS
    client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
    try:
        client.ping()
    finally:
        client.close()


def _run(name: str, check: Check) -> str:
    started = time.perf_counter()
    try:
        check()
    except Exception as error:
        log.warning("not_ready", check=name, error=repr(error))
        return "failed"
    finally:
        telemetry.READINESS_SECONDS.labels(check=name).observe(time.perf_counter() - started)
        connections.close_all()
    return "ok"


def readiness() -> dict[str, str]:
    """Each registered check with "ok", "failed" or "timeout"."""
    running: dict[str, Future[str]] = {name: _pool.submit(_run, name, check) for name, check in list(_checks.items())}
    deadline = time.monotonic() + settings.READINESS_TIMEOUT_SECONDS
    answers = {}
    for name, future in running.items():
        try:
            answers[name] = future.result(timeout=max(0.0, deadline - time.monotonic()))
        except FutureTimeout:
            answers[name] = "timeout"
    return answers


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: the process answers. Asks nobody else."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: everything that work needs can be reached; else 503 that names what cannot."""
    checks = readiness()
    ready = all(answer == "ok" for answer in checks.values())
    return HttpResponse(
        orjson.dumps({"status": "ok" if ready else "unavailable", "checks": checks}),
        status=200 if ready else 503,
        content_type="application/json",
    )


def _registry() -> CollectorRegistry:
    if settings.METRICS_MULTIPROCESS:
        from prometheus_client import multiprocess

        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return registry
    return REGISTRY


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for the addresses that settings allow; 404 for everybody else, and for anything
    that came
    through a proxy, so that a loopback edge does not open it to the world."""
    direct = request.META.get("REMOTE_ADDR", "")
    forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    if forwarded or not context.is_allowed(direct, settings.METRICS_ALLOWED_ADDRESSES):
        return problems.response(problems.NotFound())
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
