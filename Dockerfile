# One image for web, workers, mailer and beat; docker-compose.yml says which runs what.
# Nobody in it may write but below /data: the code and the embedder's files belong to root, the processes do not.
FROM python:3.11.14-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=portal.settings
RUN useradd --uid 10001 --home-dir /tmp handrail && install -d -o handrail -g handrail /data
WORKDIR /app
COPY requirements.lock models.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY manage.py ./
COPY kb kb
COPY portal portal
COPY triage triage
COPY agents agents
RUN HANDRAIL_DATA=/opt/handrail HANDRAIL_SECRETS=/tmp/build python -m kb.retrieval.embedder_setup && rm -rf /tmp/build
ENV HANDRAIL_DATA=/data HANDRAIL_EMBEDDER_DIR=/opt/handrail/models
USER handrail
EXPOSE 8000
HEALTHCHECK NONE
CMD ["python", "-m", "gunicorn", "portal.wsgi:application", "-c", "python:portal.gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--preload", "--worker-tmp-dir", "/tmp"]
