"""The high-touch wall in the database: nothing that a machine made is stored about a high-touch account's request.

The pipeline asks before it reads and again before it stores. This is for the code path that forgets to ask.
"""

from django.db import migrations

PRODUCTS = ("triage_draft", "triage_fieldproposal", "triage_logcoverage", "triage_logfinding", "triage_nextstep")

WALL = """
CREATE FUNCTION triage_refuse_high_touch() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    run bigint := CASE WHEN TG_TABLE_NAME = 'triage_run' THEN NULL ELSE (to_jsonb(NEW) ->> 'run_id')::bigint END;
    ticket bigint := CASE WHEN TG_TABLE_NAME = 'triage_run' THEN (to_jsonb(NEW) ->> 'ticket_id')::bigint END;
BEGIN
    IF ticket IS NULL THEN
        SELECT r.ticket_id INTO ticket FROM public.triage_run r WHERE r.id = run;
    END IF;
    IF EXISTS (SELECT 1 FROM public.portal_ticket t JOIN public.portal_organisation o ON o.id = t.organisation_id
               WHERE t.id = ticket AND o.kind = 'high_touch') THEN
        RAISE EXCEPTION 'a high-touch account is served by people' USING ERRCODE = '23H10';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER run_keeps_to_the_wall BEFORE INSERT ON triage_run
    FOR EACH ROW WHEN (NEW.outputs <> '{}'::jsonb OR NEW.embedding IS NOT NULL)
    EXECUTE FUNCTION triage_refuse_high_touch();
CREATE TRIGGER run_stays_behind_the_wall BEFORE UPDATE ON triage_run
    FOR EACH ROW WHEN (
        (NEW.outputs <> '{}'::jsonb AND NEW.outputs <> OLD.outputs) OR (NEW.embedding IS NOT NULL AND OLD.embedding IS NULL)
    ) EXECUTE FUNCTION triage_refuse_high_touch();
""" + "".join(
    f"CREATE TRIGGER product_keeps_to_the_wall BEFORE INSERT ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION triage_refuse_high_touch();\n"
    for table in PRODUCTS
)

OPEN = (
    "DROP TRIGGER run_keeps_to_the_wall ON triage_run; DROP TRIGGER run_stays_behind_the_wall ON triage_run;"
    + "".join(f"DROP TRIGGER product_keeps_to_the_wall ON {table};" for table in PRODUCTS)
    + "DROP FUNCTION triage_refuse_high_touch();"
)


class Migration(migrations.Migration):
    dependencies = [("triage", "0004_chat_model_and_switch"), ("portal", "0003_guard")]

    operations = [migrations.RunSQL(WALL, OPEN)]
