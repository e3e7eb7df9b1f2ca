"""Terms are counted for each audience alone: what stands in restricted articles weighs in nobody else's questions."""

from django.db import migrations, models

BY_AUDIENCE = """
DELETE FROM kb_termstatistic;
ALTER TABLE kb_termstatistic ADD COLUMN audience varchar(64) NOT NULL;
ALTER TABLE kb_termstatistic DROP CONSTRAINT kb_termstatistic_pkey;
ALTER TABLE kb_termstatistic ADD CONSTRAINT kb_termstatistic_pkey PRIMARY KEY (key, audience);
INSERT INTO kb_termstatistic (key, audience, passages, titles)
    SELECT key, audience, sum(passages), sum(titles) FROM (
        SELECT unnest(terms || -1) AS key, audience, 1 AS passages, 0 AS titles FROM kb_passage
        UNION ALL SELECT unnest(title_terms || -1), audience, 0, 1 FROM kb_indexedarticle) counted
    GROUP BY key, audience;
"""
FOR_ALL = """
DELETE FROM kb_termstatistic;
ALTER TABLE kb_termstatistic DROP CONSTRAINT kb_termstatistic_pkey;
ALTER TABLE kb_termstatistic DROP COLUMN audience;
ALTER TABLE kb_termstatistic ADD CONSTRAINT kb_termstatistic_pkey PRIMARY KEY (key);
INSERT INTO kb_termstatistic (key, passages, titles)
    SELECT key, sum(passages), sum(titles) FROM (
        SELECT unnest(terms || -1) AS key, 1 AS passages, 0 AS titles FROM kb_passage
        UNION ALL SELECT unnest(title_terms || -1), 0, 1 FROM kb_indexedarticle) counted
    GROUP BY key;
"""


class Migration(migrations.Migration):
    dependencies = [("kb", "0008_search_curation")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # Django alters no primary key into one of two columns.
            database_operations=[migrations.RunSQL(BY_AUDIENCE, FOR_ALL)],
            state_operations=[
                migrations.DeleteModel("TermStatistic"),
                migrations.CreateModel(
                    name="TermStatistic",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "key", "audience", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("key", models.IntegerField()),
                        ("audience", models.CharField(max_length=64)),
                        ("passages", models.IntegerField(default=0)),
                        ("titles", models.IntegerField(default=0)),
                    ],
                ),
            ],
        )
    ]
