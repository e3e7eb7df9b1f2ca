"""The ladder from suggesting to applying: decisions of leads, blind checks, rights earned and lost, what was applied."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


WALLED = ("triage_blindcheck", "triage_appliedvalue")
WALL = "".join(
    f"CREATE TRIGGER product_keeps_to_the_wall BEFORE INSERT ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION triage_refuse_high_touch();\n"
    for table in WALLED
)


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0009_filled_by_triage'),
        ('triage', '0008_evidence_for_reps'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LadderChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('category', 'category'), ('priority', 'priority')], max_length=8)),
                ('value', models.CharField(max_length=100)),
                ('reason', models.CharField(choices=[('proven', 'its blind checks prove it'), ('drift', 'recent blind checks were wrong too often'), ('refiled', 'people changed too often what was filed')], max_length=8)),
                ('n', models.PositiveIntegerField(help_text='Blind checks.')),
                ('right', models.PositiveIntegerField()),
                ('lower', models.FloatField(help_text='The precision proven.')),
                ('bar', models.FloatField()),
                ('error', models.FloatField(help_text='The chance that a value at or under the bar earns the right at all.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['field', 'value', '-id'], name='triage_ladder_changes_of')],
                'constraints': [models.CheckConstraint(condition=models.Q(('field', 'priority'), ('value', 'urgent'), _negated=True), name='triage_urgent_earns_nothing')],
            },
        ),
        migrations.CreateModel(
            name='BlindCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('category', 'category'), ('priority', 'priority')], max_length=8)),
                ('value', models.CharField(help_text='What triage proposed.', max_length=100)),
                ('one_in', models.PositiveSmallIntegerField(help_text='The rate it was drawn at.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='blind_checks', to='triage.run')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.ticket')),
            ],
            options={
                'indexes': [models.Index(fields=['field', 'value', 'id'], name='triage_blind_checks_of')],
                'constraints': [models.UniqueConstraint(fields=('ticket', 'field'), name='triage_one_blind_check_per_field')],
            },
        ),
        migrations.CreateModel(
            name='AppliedValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('category', 'category'), ('priority', 'priority')], max_length=8)),
                ('value', models.CharField(max_length=100)),
                ('n', models.PositiveIntegerField()),
                ('right', models.PositiveIntegerField()),
                ('lower', models.FloatField()),
                ('bar', models.FloatField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applied_values', to='triage.run')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.ticket')),
                ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='triage.ladderchange')),
            ],
            options={
                'indexes': [models.Index(fields=['field', 'value', 'id'], name='triage_applied_of')],
                'constraints': [models.UniqueConstraint(fields=('ticket', 'field'), name='triage_applied_once'), models.CheckConstraint(condition=models.Q(('field', 'priority'), ('value', 'urgent'), _negated=True), name='triage_urgent_is_never_applied'), models.CheckConstraint(condition=models.Q(('lower__gte', models.F('bar'))), name='triage_applied_above_the_bar')],
            },
        ),
        migrations.CreateModel(
            name='LadderPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('applies', models.BooleanField(help_text='Triage files what it has earned.')),
                ('one_in', models.PositiveSmallIntegerField(help_text='One request in so many is checked blind; 0: none.')),
                ('one_in_earned', models.PositiveSmallIntegerField(help_text="The same while the value's right is earned.")),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('applies', False), models.Q(('one_in__gt', 0), ('one_in_earned__gt', 0)), _connector='OR'), name='triage_what_applies_is_checked')],
            },
        ),
        migrations.CreateModel(
            name='RungSwitch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('category', 'category'), ('priority', 'priority')], max_length=8)),
                ('value', models.CharField(max_length=100)),
                ('is_on', models.BooleanField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['field', 'value', '-id'], name='triage_rung_switch')],
            },
        ),
        migrations.RunSQL(WALL, "".join(f"DROP TRIGGER product_keeps_to_the_wall ON {table};" for table in WALLED)),
    ]
