"""The names of the platform's own Prometheus metrics. Labels come from small closed sets, never from
users.
"""

from prometheus_client import Counter, Histogram

PROBLEMS = Counter("tradesim_problems_total", "Problem documents answered, by code.", ["code"])
RATE_LIMIT_REFUSALS = Counter("tradesim_rate_limit_refusals_total", "Requests refused, by limit.", ["limit"])
RATE_LIMIT_STORAGE_FAILURES = Counter(
    "tradesim_rate_limit_storage_failures_total",
    "Times that the shared counters could not be asked.",
    ["limit"],
)
LOGINS = Counter("tradesim_logins_total", "Login attempts, by outcome.", ["outcome"])
REFRESHES = Counter("tradesim_refreshes_total", "Refresh attempts, by outcome.", ["outcome"])
BACKGROUND_TASKS = Counter(
    "tradesim_background_tasks_total", "Tasks enqueued, by name and outcome.", ["name", "outcome"]
)
READINESS_SECONDS = Histogram("tradesim_readiness_seconds", "How long each readiness check took.", ["check"])
