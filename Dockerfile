# `make pin` writes the digest of the base image behind its name, so that each build has the same one.
# Two stages: the first builds a virtual environment from the hash-pinned lock, the second runs it and nothing more.
FROM python:3.13-slim AS build
WORKDIR /app
# requirements-local.lock instead: local/eyes reads text, QR and bar codes, for 300 MB more.
ARG LOCK=requirements.lock
COPY requirements.lock requirements-local.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r "${LOCK}"

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Snapthread" \
      org.opencontainers.image.description="Talk about your photos in Discord and Telegram" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build /venv /venv
COPY bot bot
COPY adapters adapters
# The data folder belongs to the bot's user, so that a fresh volume does too.
RUN install -d -o 65532 -g 65532 /app/data
USER 65532:65532
VOLUME /app/data
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BOT_LOG=json MPLCONFIGDIR=/app/data/matplotlib
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"WEB_PORT\", \"8080\")}/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
