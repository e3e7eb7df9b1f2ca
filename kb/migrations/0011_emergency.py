"""What one person puts out in an emergency, and what a second one finds of it afterwards."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kb', '0010_generations'),
        ('portal', '0001_user'),
    ]

    operations = [
        migrations.CreateModel(
            name='EmergencyFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was_right', models.BooleanField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AlterModelOptions(
            name='articleapproval',
            options={'permissions': [('publish_in_emergency', 'May publish an article alone in an emergency')]},
        ),
        migrations.RemoveConstraint(
            model_name='articleapproval',
            name='kb_approval_names_its_word',
        ),
        migrations.AddField(
            model_name='articleapproval',
            name='published_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='articleapproval',
            name='reason',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='editorialpolicy',
            name='emergency_allowed',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='articleapproval',
            name='basis',
            field=models.CharField(choices=[('review', 'reviewed by a second person'), ('import', 'taken over from its source'), ('emergency', 'published by one person in an emergency')], max_length=9),
        ),
        migrations.AddConstraint(
            model_name='articleapproval',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', False), ('basis', 'review'), ('published_by__isnull', True), ('reason', '')), models.Q(('approved_by__isnull', True), ('basis', 'import'), ('published_by__isnull', True), ('reason', '')), models.Q(('approved_by__isnull', True), ('basis', 'emergency'), ('published_by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='kb_approval_names_its_word'),
        ),
        migrations.AddField(
            model_name='emergencyfinding',
            name='emergency',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='finding', to='kb.articleapproval'),
        ),
        migrations.AddField(
            model_name='emergencyfinding',
            name='found_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
