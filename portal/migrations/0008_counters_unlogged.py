"""Counters of the last minutes are not worth a wait for the disk: after a crash they begin anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("portal", "0007_flagged_articles")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE portal_ratecounter SET UNLOGGED", "ALTER TABLE portal_ratecounter SET LOGGED"
        )
    ]
