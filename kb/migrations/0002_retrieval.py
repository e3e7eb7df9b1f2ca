"""The index of articles: source texts, passages, vectors and the statistics of terms."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgvector.django.halfvec
import pgvector.django.indexes
import pgvector.django.sparsevec
from django.db import migrations, models

# A citation points at a span of a source text, so the text may never change under it, whoever asks.
REFUSE_CHANGE = """
CREATE FUNCTION kb_refuse_source_text_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'source texts never change' USING ERRCODE = '23H11';
END $$;
CREATE TRIGGER kb_source_text_is_permanent BEFORE UPDATE ON kb_sourcetext
    FOR EACH ROW EXECUTE FUNCTION kb_refuse_source_text_change();
"""
ALLOW_CHANGE = """
DROP TRIGGER kb_source_text_is_permanent ON kb_sourcetext;
DROP FUNCTION kb_refuse_source_text_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TermStatistic",
            fields=[
                ("key", models.IntegerField(primary_key=True, serialize=False)),
                ("passages", models.IntegerField(default=0)),
                ("titles", models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="SourceText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision_id", models.BigIntegerField()),
                ("extractor_version", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=255)),
                ("text", models.TextField()),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="source_texts",
                        to="kb.articlepage",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("heading_path", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("audience", models.CharField(max_length=64)),
                ("terms", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("weights", pgvector.django.sparsevec.SparseVectorField(dimensions=999999937)),
                (
                    "signatures",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                (
                    "article",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="passages",
                        to="kb.articlepage",
                    ),
                ),
                (
                    "source_text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="passages", to="kb.sourcetext"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IndexedArticle",
            fields=[
                (
                    "article",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="indexed",
                        serialize=False,
                        to="kb.articlepage",
                    ),
                ),
                ("revision_id", models.BigIntegerField()),
                ("published_at", models.DateTimeField(null=True)),
                ("fingerprint", models.CharField(max_length=64)),
                ("generation", models.CharField(blank=True, max_length=60)),
                ("audience", models.CharField(db_index=True, max_length=64)),
                ("language", models.CharField(max_length=10)),
                ("title_terms", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("title_weights", pgvector.django.sparsevec.SparseVectorField(dimensions=999999937)),
                ("indexed_at", models.DateTimeField(auto_now=True)),
                (
                    "source_text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="kb.sourcetext"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PassageVector",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.CharField(max_length=60)),
                ("vector", pgvector.django.halfvec.HalfVectorField(dimensions=384)),
                ("is_live", models.BooleanField()),
                ("is_public", models.BooleanField()),
                (
                    "passage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="vectors", to="kb.passage"
                    ),
                ),
            ],
            options={
                "indexes": [
                    pgvector.django.indexes.HnswIndex(
                        condition=models.Q(("is_live", True), ("is_public", True)),
                        fields=["vector"],
                        name="kb_vector_public_live",
                        opclasses=["halfvec_cosine_ops"],
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("passage", "generation"), name="kb_vector_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="sourcetext",
            constraint=models.UniqueConstraint(
                fields=("article", "revision_id", "extractor_version", "digest"), name="kb_source_text_once"
            ),
        ),
        migrations.AddIndex(
            model_name="passage",
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["terms"], name="kb_passage_terms"),
        ),
        migrations.AddIndex(
            model_name="passage",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["signatures"], name="kb_passage_signatures"
            ),
        ),
        migrations.AddIndex(
            model_name="passage",
            index=models.Index(
                condition=models.Q(("audience", "public"), _negated=True),
                fields=["audience"],
                name="kb_passage_restricted",
            ),
        ),
        migrations.AddIndex(
            model_name="indexedarticle",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["title_terms"], name="kb_indexed_title_terms"
            ),
        ),
        migrations.RunSQL(REFUSE_CHANGE, reverse_sql=ALLOW_CHANGE),
    ]
