"""Which articles staff called wrong, and up to when an editor dealt with what was said of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0006_erasure'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArticleFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('article_id', models.BigIntegerField()),
                ('revision_id', models.BigIntegerField(null=True)),
                ('reason', models.CharField(choices=[('wrong', 'It does not work, or is not true'), ('outdated', 'It was right once; the product has changed'), ('incomplete', 'A step or a case is missing'), ('unclear', 'Customers misunderstand it')], max_length=12)),
                ('comment', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('flagged_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['article_id', '-created_at'], name='flag_of_article')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason__in', ['wrong', 'outdated', 'incomplete', 'unclear'])), name='flag_reason_known')],
            },
        ),
        migrations.CreateModel(
            name='ArticleSettlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('article_id', models.BigIntegerField()),
                ('up_to', models.DateTimeField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('settled_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['article_id', '-up_to'], name='settlement_of_article')],
            },
        ),
    ]
