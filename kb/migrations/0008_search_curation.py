"""Synonyms, and articles pinned to a phrase."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kb', '0007_article_versions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Synonym',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phrase', models.CharField(help_text='Up to four words. Upper case and accents do not matter.', max_length=80, verbose_name='what people type')),
                ('phrase_key', models.CharField(db_index=True, editable=False, max_length=160)),
                ('is_used', models.BooleanField(default=True, help_text='Leave it off to look at its effect first. In use, it counts at once.', verbose_name='in use')),
                ('meaning', models.CharField(help_text='Words that stand in articles: “network storage” for “NAS”.', max_length=80, verbose_name='what it means')),
            ],
            options={
                'verbose_name': 'synonym',
                'verbose_name_plural': 'synonyms',
                'ordering': ['phrase_key', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('phrase_key', 'meaning'), name='kb_synonym_once')],
            },
        ),
        migrations.CreateModel(
            name='Pin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phrase', models.CharField(help_text='Up to four words. Upper case and accents do not matter.', max_length=80, verbose_name='what people type')),
                ('phrase_key', models.CharField(db_index=True, editable=False, max_length=160)),
                ('is_used', models.BooleanField(default=True, help_text='Leave it off to look at its effect first. In use, it counts at once.', verbose_name='in use')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='kb.articlepage', verbose_name='article')),
            ],
            options={
                'verbose_name': 'pinned article',
                'verbose_name_plural': 'pinned articles',
                'ordering': ['phrase_key', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('phrase_key', 'article'), name='kb_pin_once')],
            },
        ),
    ]
