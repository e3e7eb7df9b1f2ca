"""The guard, wider: what may hang on a message, who may be its writer, and the order in which mail moves.

Without these, a file could be hung on a reply that nobody released it with, words could stand before a customer under
a colleague's name as if that colleague had written in, and a mail that was sent could be queued again.
"""

from django.db import migrations

# Foreign keys are checked at the commit, so a row could be hung on a message that is yet to come: it must be there.
ONLY_ON_WHAT_PEOPLE_WROTE = """
CREATE FUNCTION portal_refuse_additions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.portal_message WHERE id = NEW.message_id AND direction <> 'outbound') THEN
        RAISE EXCEPTION 'nothing is added to a message that was released' USING ERRCODE = '23H05';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachment_not_on_a_release BEFORE INSERT ON portal_attachment
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_additions();
CREATE TRIGGER message_body_not_on_a_release BEFORE INSERT ON portal_messagebody
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_additions();
CREATE TRIGGER attachment_is_permanent BEFORE UPDATE OR DELETE OR TRUNCATE ON portal_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change();
"""

# What comes in is the requester's, or nobody's on record; else it would be a reply by the back door.
INBOUND_IS_THE_REQUESTERS = """
CREATE FUNCTION portal_refuse_foreign_author() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.direction = 'inbound' AND NEW.author_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM public.portal_ticket WHERE id = NEW.ticket_id AND requester_id = NEW.author_id) THEN
        RAISE EXCEPTION 'what comes in was written by the requester' USING ERRCODE = '23H05';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER message_inbound_is_the_requesters BEFORE INSERT ON portal_message
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_foreign_author();
"""

# The mailer decides nothing: only these steps exist, from mail set aside only those that a person decided on, and a
# message is taken up only once it is visible and not stopped.
# It waits for a customer's message or a withdrawal that is not committed yet (both hold the request's row), so that a
# reply is never mailed and held back at once. SECURITY DEFINER: the mailer may not lock requests by itself.
MAIL_IN_ORDER = """
CREATE FUNCTION portal_mail_in_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    appears timestamptz;
BEGIN
    IF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    IF (OLD.state, NEW.state) NOT IN (
            ('queued', 'in_flight'), ('queued', 'held'), ('in_flight', 'sent'), ('in_flight', 'queued'),
            ('in_flight', 'held'), ('in_flight', 'failed'), ('in_flight', 'stuck'),
            ('stuck', 'sent'), ('stuck', 'failed'))
        AND NOT (OLD.state IN ('failed', 'stuck') AND EXISTS (
            SELECT 1 FROM public.portal_outboxdecision d WHERE d.entry_id = OLD.id AND d.attempt = OLD.attempts
                AND (d.verb, NEW.state) IN (('retry', 'queued'), ('give_up', 'given_up')))) THEN
        RAISE EXCEPTION 'mail does not go from % to %', OLD.state, NEW.state USING ERRCODE = '23H11';
    END IF;
    IF NEW.state = 'in_flight' AND NEW.message_id IS NOT NULL THEN
        SELECT m.visible_from INTO appears
            FROM public.portal_message m JOIN public.portal_ticket t ON t.id = m.ticket_id
            WHERE m.id = NEW.message_id FOR SHARE OF t;
        IF EXISTS (SELECT 1 FROM public.portal_messagestop WHERE message_id = NEW.message_id) THEN
            NEW.state := 'held';
        ELSIF appears > clock_timestamp() THEN
            NEW.state := 'queued';
            NEW.due_at := appears;
        END IF;
    END IF;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION portal_mail_in_order() FROM PUBLIC;
CREATE TRIGGER outbox_moves_in_order BEFORE UPDATE ON portal_outboxentry
    FOR EACH ROW EXECUTE FUNCTION portal_mail_in_order();
"""

# Fires before the trigger that looks at the clock, which then looks with the request's row in hand.
STOP_WAITS_ITS_TURN = """
CREATE FUNCTION portal_stop_waits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM public.portal_ticket
        WHERE id = (SELECT ticket_id FROM public.portal_message WHERE id = NEW.message_id) FOR NO KEY UPDATE;
    RETURN NEW;
END $$;
CREATE TRIGGER message_stop_a_waits_its_turn BEFORE INSERT ON portal_messagestop
    FOR EACH ROW EXECUTE FUNCTION portal_stop_waits();
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0004_verdicts_and_decisions")]

    operations = [
        migrations.RunSQL(
            ONLY_ON_WHAT_PEOPLE_WROTE,
            "DROP TRIGGER attachment_is_permanent ON portal_attachment;"
            "DROP TRIGGER attachment_not_on_a_release ON portal_attachment;"
            "DROP TRIGGER message_body_not_on_a_release ON portal_messagebody;"
            "DROP FUNCTION portal_refuse_additions();",
        ),
        migrations.RunSQL(
            INBOUND_IS_THE_REQUESTERS,
            "DROP TRIGGER message_inbound_is_the_requesters ON portal_message;"
            "DROP FUNCTION portal_refuse_foreign_author();",
        ),
        migrations.RunSQL(
            MAIL_IN_ORDER,
            "DROP TRIGGER outbox_moves_in_order ON portal_outboxentry; DROP FUNCTION portal_mail_in_order();",
        ),
        migrations.RunSQL(
            STOP_WAITS_ITS_TURN,
            "DROP TRIGGER message_stop_a_waits_its_turn ON portal_messagestop; DROP FUNCTION portal_stop_waits();",
        ),
    ]
