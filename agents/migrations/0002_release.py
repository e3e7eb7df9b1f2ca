"""release(): the one way a message reaches a customer.

It runs as handrail_guard, which nobody can log in as, and finds the person itself from the live session: callers pass
no person. One UPDATE both locks the ticket and checks the version that the rep saw, so of two reps, or a rep and a
customer who writes at the same moment, exactly one gets through. SQLSTATEs of class 23 arrive as IntegrityError, never
as a lost connection that somebody might retry.
"""

from django.db import migrations

RELEASE = """
CREATE FUNCTION public.release(
    in_payload bigint, in_ticket bigint, in_session_key text, in_version integer,
    in_visible_from timestamptz, in_draft bigint
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person bigint;
    address text;
    payload public.portal_releasepayload%ROWTYPE;
    appears timestamptz := greatest(coalesce(in_visible_from, clock_timestamp()), clock_timestamp());
    message bigint;
BEGIN
    SELECT u.id INTO person
        FROM public.usersessions_usersession s
        JOIN public.django_session d ON d.session_key = s.session_key AND d.expire_date > clock_timestamp()
        JOIN public.portal_user u ON u.id = s.user_id AND u.is_active AND u.kind = 'human'
        WHERE s.session_key = in_session_key
        FOR SHARE OF d, u;  -- a sign-out or deactivation comes wholly before or wholly after
    IF person IS NULL THEN
        RAISE EXCEPTION 'no signed-in person' USING ERRCODE = '23H02';
    END IF;

    SELECT * INTO payload FROM public.portal_releasepayload WHERE id = in_payload AND ticket_id = in_ticket;
    IF payload.id IS NULL OR payload.created_by_id <> person THEN
        RAISE EXCEPTION 'not a text that this person prepared for this conversation' USING ERRCODE = '23H04';
    END IF;
    IF EXISTS (SELECT 1 FROM public.portal_message m WHERE m.payload_id = in_payload) THEN
        RAISE EXCEPTION 'this text was already sent' USING ERRCODE = '23H08';
    END IF;
    IF in_draft IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM public.triage_draft d WHERE d.id = in_draft AND d.ticket_id = in_ticket) THEN
        RAISE EXCEPTION 'that draft belongs to another conversation' USING ERRCODE = '23H04';
    END IF;

    UPDATE public.portal_ticket SET version = version + 1, status = 'waiting', updated_at = clock_timestamp()
        WHERE id = in_ticket AND version = in_version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the conversation has moved on' USING ERRCODE = '23H01';
    END IF;

    SELECT lower(r.email) INTO address
        FROM public.portal_ticket t
        JOIN public.portal_user r ON r.id = t.requester_id
        LEFT JOIN public.portal_organisation o ON o.id = t.organisation_id
        WHERE t.id = in_ticket AND (
            EXISTS (SELECT 1 FROM public.portal_staffrole l WHERE l.user_id = person AND l.role = 'lead')
            OR (coalesce(o.kind, 'unknown') <> 'high_touch'
                AND EXISTS (SELECT 1 FROM public.portal_staffrole l WHERE l.user_id = person AND l.role = 'rep'))
            OR (o.kind = 'high_touch' AND person IN (o.engineer_id, o.deputy_id)));
    IF address IS NULL THEN
        RAISE EXCEPTION 'this person may not reply here' USING ERRCODE = '23H03';
    END IF;
    IF EXISTS (SELECT 1 FROM unnest(payload.recipients) AS recipient(mail) WHERE lower(recipient.mail) <> address) THEN
        RAISE EXCEPTION 'a recipient is not part of this conversation' USING ERRCODE = '23H04';
    END IF;

    INSERT INTO public.agents_approval (payload_id, ticket_id, person_id, session_digest, version, draft_id, created_at)
        VALUES (in_payload, in_ticket, person, encode(sha256(convert_to(in_session_key, 'UTF8')), 'hex'),
                in_version, in_draft, clock_timestamp());
    INSERT INTO public.portal_message (ticket_id, direction, payload_id, released_by_id, visible_from, automatic, created_at)
        VALUES (in_ticket, 'outbound', in_payload, person, appears, 'none', clock_timestamp())
        RETURNING id INTO message;
    INSERT INTO public.portal_outboxentry (message_id, notice, state, attempts, failure, due_at, created_at)
        VALUES (message, '', 'queued', 0, '', appears, clock_timestamp());
    RETURN message;
END $$;
REVOKE EXECUTE ON FUNCTION public.release(bigint, bigint, text, integer, timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.release(bigint, bigint, text, integer, timestamptz, bigint) TO handrail_web;
ALTER FUNCTION public.release(bigint, bigint, text, integer, timestamptz, bigint) OWNER TO handrail_guard;
"""

APPROVAL_ONLY_BY_RELEASE = """
CREATE FUNCTION agents_refuse_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user <> 'handrail_guard' THEN
        RAISE EXCEPTION 'only release() records an approval' USING ERRCODE = '23H05';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_only_by_release BEFORE INSERT ON agents_approval
    FOR EACH ROW EXECUTE FUNCTION agents_refuse_approval();
CREATE TRIGGER approval_is_permanent BEFORE UPDATE OR DELETE OR TRUNCATE ON agents_approval
    FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change();
"""


class Migration(migrations.Migration):
    # release() reads tables that no model of agents names, so their migrations are named here by hand.
    dependencies = [
        ("agents", "0001_console"),
        ("portal", "0003_guard"),
        ("triage", "0001_initial"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            APPROVAL_ONLY_BY_RELEASE,
            "DROP TRIGGER approval_is_permanent ON agents_approval;"
            "DROP TRIGGER approval_only_by_release ON agents_approval; DROP FUNCTION agents_refuse_approval();",
        ),
        migrations.RunSQL(
            RELEASE, "DROP FUNCTION public.release(bigint, bigint, text, integer, timestamptz, bigint);"
        ),
    ]
