# Two images from one file: `web` (REST, streams, worker, beat, journal) and `simulator` (the exchange alone, no Django).
# Both run as an ordinary user and install hashed locks only. Built by deploy/compose; see docs/howto/run-with-compose.md.

FROM node:24-bookworm-slim AS frontend
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.12-slim-bookworm AS python
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
RUN groupadd --system --gid 10001 tradesim \
    && useradd --system --uid 10001 --gid tradesim --home-dir /app --shell /usr/sbin/nologin tradesim
WORKDIR /app

FROM python AS engine-packages
COPY requirements/engine.txt requirements/engine.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/engine.txt

FROM engine-packages AS simulator
COPY simulator_engine simulator_engine
COPY LICENSE NOTICE ./
USER tradesim
ENTRYPOINT ["python", "-m", "simulator_engine"]

FROM python AS web
COPY requirements/prod.txt requirements/prod.txt
RUN pip install --no-cache-dir --require-hashes --requirement requirements/prod.txt
COPY manage.py pyproject.toml LICENSE NOTICE ./
COPY simulator_engine simulator_engine
COPY tradesim tradesim
COPY apps apps
COPY --from=frontend /build/frontend/dist frontend/dist
ENV DJANGO_SETTINGS_MODULE=tradesim.settings.prod \
    TRADESIM_VAR=/var/lib/tradesim
# The folder exists and is ours before a volume is laid over it, so that the volume takes over its owner.
RUN install -d -o tradesim -g tradesim /var/lib/tradesim /var/lib/tradesim/static
USER tradesim
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--no-ws", "tradesim.wsgi:application"]
