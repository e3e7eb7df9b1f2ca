"""The portal's half of the send guard: outbound rows only by handrail_guard, and what is permanent stays.

PostgreSQL does this, not the application, so that no code path, shell or admin page can forget it: before `agents` is
migrated there is no release() and so nothing can be sent at all, and even the owner of the tables is refused.
"""

from django.db import migrations

CACHE_TABLE = """
CREATE TABLE portal_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX portal_cache_expires ON portal_cache (expires);
"""

# The composite key proves that a payload goes out on the conversation it was written for.
PAYLOAD_OF_THIS_TICKET = """
ALTER TABLE portal_message ADD CONSTRAINT message_payload_of_its_ticket
    FOREIGN KEY (payload_id, ticket_id) REFERENCES portal_releasepayload (id, ticket_id);
"""

OUTBOUND_ONLY_BY_RELEASE = """
CREATE FUNCTION portal_refuse_outbound() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.direction = 'outbound' AND current_user <> 'handrail_guard' THEN
        RAISE EXCEPTION 'only release() may put a message before a customer' USING ERRCODE = '23H05';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER message_outbound_only_by_release BEFORE INSERT OR UPDATE ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_outbound();

CREATE FUNCTION portal_refuse_message_mail() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'handrail_guard' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.message_id IS NOT NULL THEN
        RAISE EXCEPTION 'only release() may queue the mail of a message' USING ERRCODE = '23H05';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.message_id, NEW.notice, NEW.ticket_id, NEW.user_id, NEW.email_address_id)
            IS DISTINCT FROM (OLD.message_id, OLD.notice, OLD.ticket_id, OLD.user_id, OLD.email_address_id) THEN
        RAISE EXCEPTION 'what an outbox row is about cannot be changed' USING ERRCODE = '23H05';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outbox_message_only_by_release BEFORE INSERT OR UPDATE ON portal_outboxentry
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_message_mail();
"""

# Advances the version in the customer's own transaction: a release() that runs meanwhile waits for this row, finds the
# version changed and is refused. The UPDATE comes first, so that the second statement sees a release that got in before
# and holds it back while nobody has read it yet. SECURITY DEFINER: whoever may write a message need not own the version.
ADVANCE_VERSION = """
CREATE FUNCTION portal_advance_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.direction = 'inbound' AND NEW.automatic IN ('none', 'ambiguous') THEN
        UPDATE public.portal_ticket SET version = version + 1, updated_at = clock_timestamp()
            WHERE id = NEW.ticket_id;
        INSERT INTO public.portal_messagestop (message_id, reason)
            SELECT m.id, 'withheld' FROM public.portal_message m
            WHERE m.ticket_id = NEW.ticket_id AND m.direction = 'outbound' AND m.visible_from > clock_timestamp()
            ON CONFLICT (message_id) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION portal_advance_version() FROM PUBLIC;
CREATE TRIGGER message_advances_version AFTER INSERT ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_advance_version();
"""

# A stop keeps back what nobody has seen; it cannot take back what is already before the customer.
STOP_IN_TIME = """
CREATE FUNCTION portal_stop_in_time() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM public.portal_message
        WHERE id = NEW.message_id AND direction = 'outbound' AND visible_from > clock_timestamp();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this message is already before the customer' USING ERRCODE = '23H07';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER message_stop_in_time BEFORE INSERT ON portal_messagestop
    FOR EACH ROW EXECUTE FUNCTION portal_stop_in_time();
"""

PERMANENT = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are permanent', TG_TABLE_NAME USING ERRCODE = '23H06';
END $$;
"""

PERMANENT_TABLES = {
    "message_is_permanent": "portal_message",
    "message_body_is_permanent": "portal_messagebody",
    "message_stop_is_permanent": "portal_messagestop",
    "payload_is_permanent": "portal_releasepayload",
    "audit_is_permanent": "portal_auditevent",
}


def permanent(trigger: str, table: str) -> migrations.RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on a table, whoever asks."""
    return migrations.RunSQL(
        f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change();",
        f"DROP TRIGGER {trigger} ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_conversation")]

    operations = [
        migrations.RunSQL(CACHE_TABLE, "DROP TABLE portal_cache;"),
        migrations.RunSQL(
            PAYLOAD_OF_THIS_TICKET, "ALTER TABLE portal_message DROP CONSTRAINT message_payload_of_its_ticket;"
        ),
        migrations.RunSQL(
            OUTBOUND_ONLY_BY_RELEASE,
            "DROP TRIGGER message_outbound_only_by_release ON portal_message;"
            "DROP TRIGGER outbox_message_only_by_release ON portal_outboxentry;"
            "DROP FUNCTION portal_refuse_outbound(); DROP FUNCTION portal_refuse_message_mail();",
        ),
        migrations.RunSQL(
            ADVANCE_VERSION,
            "DROP TRIGGER message_advances_version ON portal_message; DROP FUNCTION portal_advance_version();",
        ),
        migrations.RunSQL(
            STOP_IN_TIME, "DROP TRIGGER message_stop_in_time ON portal_messagestop; DROP FUNCTION portal_stop_in_time();"
        ),
        migrations.RunSQL(PERMANENT, "DROP FUNCTION portal_refuse_change();"),
        *(permanent(trigger, table) for trigger, table in PERMANENT_TABLES.items()),
    ]
