"""Two sides of the index, each whole, and a generation that says what made a side and which one answers."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import pgvector.django.indexes
from django.db import migrations, models

# What stands becomes side 0 under the name of a new site's first generation; vectors of any other embedder were unused.
FIRST = """
INSERT INTO kb_generation (name, embedder, passage_pieces, side, is_live, built_at)
    VALUES ('first', 'all-MiniLM-L6-v2/int8/1', 200, 0, true, now());
INSERT INTO kb_generationentry (generation_id, article_id, fingerprint, embedder, passages)
    SELECT made.id, entry.article_id, entry.fingerprint,
        CASE entry.generation WHEN made.embedder THEN made.embedder ELSE '' END,
        (SELECT count(*) FROM kb_passage passage WHERE passage.article_id = entry.article_id)
    FROM kb_indexedarticle entry, kb_generation made;
DELETE FROM kb_passagevector WHERE NOT is_live OR generation <> 'all-MiniLM-L6-v2/int8/1';
SET CONSTRAINTS ALL IMMEDIATE;
"""
# Derived rows: the sweep of an older version makes them again.
EMPTY = """
DELETE FROM kb_passagevector;
DELETE FROM kb_passage;
DELETE FROM kb_indexedarticle;
DELETE FROM kb_termstatistic;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("kb", "0009_term_statistics_by_audience")]

    operations = [
        migrations.CreateModel(
            name="Generation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True)),
                ("embedder", models.CharField(max_length=60)),
                ("passage_pieces", models.PositiveSmallIntegerField()),
                ("side", models.PositiveSmallIntegerField(unique=True)),
                ("is_live", models.BooleanField(default=False)),
                ("built_at", models.DateTimeField(null=True)),
                ("left_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("side__in", (0, 1))), name="kb_generation_side"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_live", True)), fields=("is_live",), name="kb_generation_one_live"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GenerationEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.CharField(max_length=64)),
                ("embedder", models.CharField(blank=True, max_length=60)),
                ("passages", models.PositiveIntegerField()),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="kb.articlepage",
                    ),
                ),
                (
                    "generation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="kb.generation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("generation", "article"), name="kb_generation_entry_once")
                ],
            },
        ),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="passage", name="kb_passage_terms"),
        migrations.RemoveIndex(model_name="passage", name="kb_passage_signatures"),
        migrations.RemoveIndex(model_name="passage", name="kb_passage_restricted"),
        migrations.RemoveIndex(model_name="passagevector", name="kb_vector_public_live"),
        migrations.RemoveConstraint(model_name="passagevector", name="kb_vector_once"),
        migrations.AddField(
            model_name="passage",
            name="side",
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="passagevector",
            name="side",
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(model_name="termstatistic", name="passages_1", field=models.IntegerField(default=0)),
        migrations.RemoveField(model_name="indexedarticle", name="generation"),
        migrations.RemoveField(model_name="passagevector", name="generation"),
        migrations.RemoveField(model_name="passagevector", name="is_live"),
        migrations.RenameField(model_name="termstatistic", old_name="passages", new_name="passages_0"),
        migrations.AlterField(
            model_name="passage",
            name="article",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="passages",
                to="kb.articlepage",
            ),
        ),
        migrations.AlterField(
            model_name="passagevector",
            name="passage",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="vector", to="kb.passage"
            ),
        ),
        migrations.AddIndex(
            model_name="passage", index=models.Index(fields=["article", "side"], name="kb_passage_of_article")
        ),
        *(
            migrations.AddIndex(
                model_name="passage",
                index=django.contrib.postgres.indexes.GinIndex(
                    condition=models.Q(("side", side)),
                    fastupdate=False,
                    fields=[field],
                    name=f"kb_passage_{field}_{side}",
                ),
            )
            for field in ("terms", "signatures")
            for side in (0, 1)
        ),
        migrations.AddIndex(
            model_name="passage",
            index=models.Index(
                condition=models.Q(("audience", "public"), _negated=True),
                fields=["audience", "side"],
                name="kb_passage_restricted",
            ),
        ),
        *(
            migrations.AddIndex(
                model_name="passagevector",
                index=pgvector.django.indexes.HnswIndex(
                    condition=models.Q(("is_public", True), ("side", side)),
                    fields=["vector"],
                    name=f"kb_vector_public_{side}",
                    opclasses=["halfvec_cosine_ops"],
                ),
            )
            for side in (0, 1)
        ),
        migrations.RunSQL(migrations.RunSQL.noop, EMPTY),
    ]
