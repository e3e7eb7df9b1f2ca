"""Who approved which revision, who reviewed an article, and whether this site asks for a second person."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import kb.models.pages
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('kb', '0002_retrieval'),
        ('wagtailcore', '0098_apitoken'),
        ("portal", "0001_user"),
    ]

    operations = [
        migrations.CreateModel(
            name='EditorialPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('review_required', models.BooleanField(default=True)),
            ],
        ),
        migrations.AddField(
            model_name='articlepage',
            name='reviewed_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewed by'),
        ),
        migrations.AlterField(
            model_name='articlepage',
            name='audience',
            field=models.CharField(db_index=True, default='public', help_text='Everybody else gets “not found”: in search, beside the request form, and by address.', max_length=64, validators=[django.core.validators.RegexValidator('^(public|staff|org:[1-9]\\d*)$', 'Use "public", "staff" or "org:" and a number.')], verbose_name='audience'),
        ),
        migrations.AlterField(
            model_name='articlepage',
            name='author',
            field=models.CharField(blank=True, help_text='A name for readers when the writer has no account here. Leave empty to show the owner.', max_length=120, verbose_name='written by'),
        ),
        migrations.AlterField(
            model_name='articlepage',
            name='labels',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, help_text='Topics in a word or two each, separated by commas.', size=None, verbose_name='topics'),
        ),
        migrations.AlterField(
            model_name='articlepage',
            name='review_by',
            field=models.DateField(blank=True, default=kb.models.pages.default_review_by, help_text='From this day on the article is listed under Reports as due.', null=True, verbose_name='review again by'),
        ),
        migrations.CreateModel(
            name='ReviewTask',
            fields=[
                ('task_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='wagtailcore.task')),
                ('groups', models.ManyToManyField(help_text='Pages/snippets at this step in a workflow will be moderated or approved by these groups of users', to='auth.group', verbose_name='groups')),
            ],
            options={
                'verbose_name': 'review by a second person',
                'verbose_name_plural': 'reviews by a second person',
            },
            bases=('wagtailcore.task',),
        ),
        migrations.CreateModel(
            name='ArticleApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('article_id', models.BigIntegerField(db_index=True)),
                ('revision_id', models.BigIntegerField(db_index=True)),
                ('basis', models.CharField(choices=[('review', 'reviewed by a second person'), ('import', 'taken over from its source')], max_length=8)),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', False), ('basis', 'review')), models.Q(('approved_by__isnull', True), ('basis', 'import')), _connector='OR'), name='kb_approval_names_its_word')],
            },
        ),
    ]
