"""A picture is asked for by its file's name; Wagtail has no index on that."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0005_passage_anchor"),
        ("wagtailimages", "0027_image_description"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX kb_rendition_by_file ON wagtailimages_rendition (file)",
            reverse_sql="DROP INDEX kb_rendition_by_file",
        ),
        migrations.RunSQL(
            "CREATE INDEX kb_image_by_file ON wagtailimages_image (file)",
            reverse_sql="DROP INDEX kb_image_by_file",
        ),
    ]
