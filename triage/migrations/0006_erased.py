"""A run may be barred because the conversation was erased."""

from django.db import migrations, models

import triage.choices


class Migration(migrations.Migration):
    dependencies = [("triage", "0005_wall")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="no_draft_reason",
            field=models.CharField(blank=True, choices=triage.choices.NoDraftReason.choices, max_length=20),
        ),
    ]
