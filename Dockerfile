# One image for web, workers, mailer and beat; docker-compose.yml says which runs what.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 HANDRAIL_DATA=/data
RUN useradd --create-home --uid 10001 handrail && install -d -o handrail /data /app
WORKDIR /app
COPY requirements.lock models.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --chown=handrail . .
USER handrail
RUN HANDRAIL_DATA=/app/var DJANGO_SETTINGS_MODULE=portal.settings python -m kb.retrieval.embedder_setup
ENV HANDRAIL_EMBEDDER_DIR=/app/var/models
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "portal.wsgi:application", "-c", "python:portal.gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--preload"]
