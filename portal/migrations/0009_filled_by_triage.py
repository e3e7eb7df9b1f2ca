"""What a worker may do to a request, in the database: fill a category that is empty, and nothing that a person decided.

The worker's grant names the one column. This holds the rest for the code path that forgets to ask: no category is
changed or taken away, none is filled after a person has spoken, none that is out of use, none behind the wall.
"""

from django.db import migrations

ONLY_WHAT_IS_EMPTY = """
CREATE FUNCTION portal_worker_fills_empty_category() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.category_id IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM public.portal_category WHERE id = NEW.category_id AND is_active)
        OR EXISTS (SELECT 1 FROM public.portal_auditevent
                   WHERE ticket_id = NEW.id AND verb = 'ticket.category_changed') THEN
        RAISE EXCEPTION 'a category is filled only where none is and nobody chose' USING ERRCODE = '23H13';
    END IF;
    IF NEW.erased_at IS NOT NULL OR EXISTS (
            SELECT 1 FROM public.portal_organisation WHERE id = NEW.organisation_id AND kind = 'high_touch') THEN
        RAISE EXCEPTION 'a high-touch account is served by people' USING ERRCODE = '23H10';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ticket_category_filled_once BEFORE UPDATE ON portal_ticket
    FOR EACH ROW WHEN (current_user = 'handrail_worker' AND NEW.category_id IS DISTINCT FROM OLD.category_id)
    EXECUTE FUNCTION portal_worker_fills_empty_category();
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0008_counters_unlogged")]

    operations = [
        migrations.RunSQL(
            ONLY_WHAT_IS_EMPTY,
            "DROP TRIGGER ticket_category_filled_once ON portal_ticket;"
            "DROP FUNCTION portal_worker_fills_empty_category();",
        ),
    ]
