"""What people say of articles and replies, what they decide about mail set aside, and the measured first answer."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('account', '0009_emailaddress_unique_primary_email'),
        ('kb', '0002_retrieval'),
        ('portal', '0003_guard'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArticleVerdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('solved', models.BooleanField()),
                ('came_from', models.CharField(choices=[('suggestion', 'Suggested beside the request form'), ('search', 'Found by search'), ('other', 'Found otherwise')], default='other', max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='FirstResponse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('minutes', models.PositiveIntegerField(null=True)),
                ('n', models.PositiveIntegerField()),
                ('measured_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='OutboxDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveSmallIntegerField()),
                ('verb', models.CharField(choices=[('retry', 'Send again'), ('give_up', 'Give up')], max_length=8)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='ReplyVerdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('solved', models.BooleanField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='outboxentry',
            name='outbox_state_known',
        ),
        migrations.AddField(
            model_name='message',
            name='form_key',
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='outboxentry',
            name='email_address',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='account.emailaddress'),
        ),
        migrations.AlterField(
            model_name='outboxentry',
            name='state',
            field=models.CharField(choices=[('queued', 'Waiting to be sent'), ('in_flight', 'Being sent'), ('sent', 'Sent'), ('held', 'Kept back'), ('failed', 'Refused by the mail server'), ('stuck', 'Unclear whether it was sent'), ('given_up', 'Given up by a person')], default='queued', max_length=10),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('direction', 'outbound')), fields=['ticket', 'visible_from'], name='message_outbound'),
        ),
        migrations.AddIndex(
            model_name='outboxentry',
            index=models.Index(condition=models.Q(('state__in', ['failed', 'stuck'])), fields=['id'], name='outbox_aside'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['created_at'], name='ticket_filed'),
        ),
        migrations.AddConstraint(
            model_name='outboxentry',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'in_flight', 'sent', 'held', 'failed', 'stuck', 'given_up'])), name='outbox_state_known'),
        ),
        migrations.AddField(
            model_name='articleverdict',
            name='article',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='kb.articlepage'),
        ),
        migrations.AddField(
            model_name='firstresponse',
            name='category',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='portal.category'),
        ),
        migrations.AddField(
            model_name='outboxdecision',
            name='decided_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='outboxdecision',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='portal.outboxentry'),
        ),
        migrations.AddField(
            model_name='replyverdict',
            name='message',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='verdict', to='portal.message'),
        ),
        migrations.AddIndex(
            model_name='articleverdict',
            index=models.Index(fields=['article', '-created_at'], name='verdict_of_article'),
        ),
        migrations.AddConstraint(
            model_name='articleverdict',
            constraint=models.CheckConstraint(condition=models.Q(('came_from__in', ['suggestion', 'search', 'other'])), name='verdict_origin_known'),
        ),
        migrations.AddConstraint(
            model_name='firstresponse',
            constraint=models.UniqueConstraint(fields=('category',), name='first_response_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='outboxdecision',
            constraint=models.UniqueConstraint(fields=('entry', 'attempt'), name='one_decision_an_attempt'),
        ),
        migrations.AddConstraint(
            model_name='outboxdecision',
            constraint=models.CheckConstraint(condition=models.Q(('verb__in', ['retry', 'give_up'])), name='outbox_decision_known'),
        ),
    ]
