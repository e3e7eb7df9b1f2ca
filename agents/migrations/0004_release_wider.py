"""release(), wider: a draft is never released to a high-touch account, and a role is held while it is relied on.

New against 0002: no draft on a high-touch request; the rows that allow the reply (role, account) are locked like the
session, so that taking a role away comes wholly before or wholly after; a recipient that is not there is refused; a
moment to appear at lies within a year.
"""

from importlib import import_module

from django.db import migrations

RELEASE = """
CREATE OR REPLACE FUNCTION public.release(
    in_payload bigint, in_ticket bigint, in_session_key text, in_version integer,
    in_visible_from timestamptz, in_draft bigint
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person bigint;
    address text;
    account bigint;
    kind text;
    is_named boolean;
    is_lead boolean;
    is_rep boolean;
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
    IF appears > clock_timestamp() + interval '1 year' THEN
        RAISE EXCEPTION 'a reply appears within a year' USING ERRCODE = '23H04';
    END IF;

    UPDATE public.portal_ticket SET version = version + 1, status = 'waiting', updated_at = clock_timestamp()
        WHERE id = in_ticket AND version = in_version
        RETURNING organisation_id INTO account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the conversation has moved on' USING ERRCODE = '23H01';
    END IF;

    SELECT o.kind, coalesce(person IN (o.engineer_id, o.deputy_id), false) INTO kind, is_named
        FROM public.portal_organisation o WHERE o.id = account FOR SHARE;
    kind := coalesce(kind, 'unknown');
    SELECT coalesce(bool_or(held.role = 'lead'), false), coalesce(bool_or(held.role = 'rep'), false)
        INTO is_lead, is_rep
        FROM (SELECT l.role FROM public.portal_staffrole l WHERE l.user_id = person FOR SHARE) held;
    IF NOT (is_lead OR (kind <> 'high_touch' AND is_rep) OR (kind = 'high_touch' AND is_named)) THEN
        RAISE EXCEPTION 'this person may not reply here' USING ERRCODE = '23H03';
    END IF;
    IF in_draft IS NOT NULL AND kind = 'high_touch' THEN
        RAISE EXCEPTION 'a high-touch account is answered in a person''s own words' USING ERRCODE = '23H10';
    END IF;
    SELECT lower(r.email) INTO address
        FROM public.portal_ticket t JOIN public.portal_user r ON r.id = t.requester_id WHERE t.id = in_ticket;
    IF EXISTS (SELECT 1 FROM unnest(payload.recipients) AS recipient(mail)
               WHERE lower(recipient.mail) IS DISTINCT FROM address) THEN
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
"""

BEFORE = import_module("agents.migrations.0002_release").RELEASE.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_console_words"), ("portal", "0005_guard_wider"), ("triage", "0005_wall")]

    operations = [migrations.RunSQL(RELEASE, BEFORE)]
