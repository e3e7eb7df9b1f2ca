"""Erasure, the portal's half: where it is recorded, and that what was erased stays so.

Words are blanked by erase_person() alone (agents/0005), which runs as handrail_eraser; nobody can log in as that role.
Whoever adds words to an erased conversation is refused. Each such trigger takes a transaction number before it looks:
so erasure, which waits for the transactions under way and then looks once more, misses none of them.
"""

from importlib import import_module

from django.db import migrations, models

PERMANENT_BUT_FOR_ERASURE = """
CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'handrail_eraser' AND TG_OP = 'UPDATE'
            AND TG_TABLE_NAME IN ('portal_messagebody', 'portal_releasepayload', 'portal_attachment') THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'rows of % are permanent', TG_TABLE_NAME USING ERRCODE = '23H06';
END $$;
"""

ERASED_STAYS_ERASED = """
CREATE FUNCTION portal_erased_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user <> 'handrail_eraser' THEN
        RAISE EXCEPTION 'only erase_person() erases, and nothing undoes it' USING ERRCODE = '23H09';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER user_erased_stays_erased BEFORE UPDATE ON portal_user
    FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL OR NEW.erased_at IS NOT NULL)
    EXECUTE FUNCTION portal_erased_stays();

CREATE FUNCTION portal_refuse_erased() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_current_xact_id();
    IF EXISTS (SELECT 1 FROM public.portal_ticket WHERE id = NEW.ticket_id AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this conversation was erased' USING ERRCODE = '23H09';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER message_not_after_erasure BEFORE INSERT ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_erased();
CREATE TRIGGER payload_not_after_erasure BEFORE INSERT ON portal_releasepayload
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_erased();

CREATE FUNCTION portal_refuse_erased_requester() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_current_xact_id();
    IF EXISTS (SELECT 1 FROM public.portal_user WHERE id = NEW.requester_id AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this person was erased' USING ERRCODE = '23H09';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ticket_not_after_erasure BEFORE INSERT ON portal_ticket
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_erased_requester();
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_guard_wider")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="erased"),
        ),
        migrations.AddField(
            model_name="ticket",
            name="erased_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="erased"),
        ),
        migrations.RunSQL(
            PERMANENT_BUT_FOR_ERASURE,
            import_module("portal.migrations.0003_guard").PERMANENT.replace("CREATE FUNC", "CREATE OR REPLACE FUNC"),
        ),
        migrations.RunSQL(
            ERASED_STAYS_ERASED,
            "DROP TRIGGER user_erased_stays_erased ON portal_user; DROP FUNCTION portal_erased_stays();"
            "DROP TRIGGER message_not_after_erasure ON portal_message;"
            "DROP TRIGGER payload_not_after_erasure ON portal_releasepayload; DROP FUNCTION portal_refuse_erased();"
            "DROP TRIGGER ticket_not_after_erasure ON portal_ticket; DROP FUNCTION portal_refuse_erased_requester();",
        ),
    ]
