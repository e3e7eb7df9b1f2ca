"""Where on the page a passage begins, so that a hit leads to its section."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kb', '0004_review_guard'),
    ]

    operations = [
        migrations.AddField(
            model_name='passage',
            name='anchor',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
