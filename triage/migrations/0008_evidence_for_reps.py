"""Resolved requests that ask the same are found in a bounded time, and a runbook brings its commands."""

import pgvector.django.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("triage", "0007_faults_have_marks")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=pgvector.django.indexes.HnswIndex(
                condition=models.Q(("embedding__isnull", False), ("is_first", True)),
                ef_construction=64,
                fields=["embedding"],
                m=16,
                name="triage_run_alike",
                opclasses=["halfvec_cosine_ops"],
            ),
        ),
        migrations.AddField(
            model_name="nextstep",
            name="commands",
            field=models.TextField(blank=True, help_text="Of a runbook: what it has one type, letter by letter."),
        ),
    ]
