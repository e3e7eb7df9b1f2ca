"""erase_person(): the one way the words of a person go away again, everywhere at once.

Made here because this is the rightmost application: triage and the console keep copies of what customers write. It runs
as handrail_eraser, which nobody can log in as, and finds who asks for it from the live session, as release() does: a
lead or an administrator. Numbers, digests, times and who released what stay; words become a tombstone. Running it again
is safe and finds what was on its way the first time.
"""

from django.db import migrations

TOMBSTONE = "Erased at the person''s request."

ERASE = f"""
CREATE FUNCTION public.erase_person(in_person bigint, in_session_key text) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tombstone constant text := '{TOMBSTONE}';
    nobody constant text := 'erased-' || in_person || '@erased.invalid';
    actor bigint;
    before timestamptz;
    address text;
    tickets bigint[];
    runs bigint[];
BEGIN
    SELECT u.id INTO actor
        FROM public.usersessions_usersession s
        JOIN public.django_session d ON d.session_key = s.session_key AND d.expire_date > clock_timestamp()
        JOIN public.portal_user u ON u.id = s.user_id AND u.is_active AND u.kind = 'human'
        WHERE s.session_key = in_session_key
        FOR SHARE OF d, u;
    IF actor IS NULL THEN
        RAISE EXCEPTION 'no signed-in person' USING ERRCODE = '23H02';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.portal_user WHERE id = actor AND is_superuser)
            AND NOT EXISTS (SELECT 1 FROM public.portal_staffrole WHERE user_id = actor AND role = 'lead') THEN
        RAISE EXCEPTION 'a lead or an administrator erases' USING ERRCODE = '23H03';
    END IF;
    SELECT erased_at, lower(email) INTO before, address FROM public.portal_user WHERE id = in_person FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such person' USING ERRCODE = '23H04';
    END IF;
    IF EXISTS (SELECT 1 FROM public.portal_user WHERE id = in_person AND (is_staff OR is_superuser))
            OR EXISTS (SELECT 1 FROM public.portal_staffrole WHERE user_id = in_person)
            OR EXISTS (SELECT 1 FROM public.portal_user_groups WHERE user_id = in_person)
            OR EXISTS (SELECT 1 FROM public.portal_message WHERE released_by_id = in_person) THEN
        RAISE EXCEPTION 'who answers or writes here is not erased' USING ERRCODE = '23H12';
    END IF;

    UPDATE public.portal_user SET email = nobody, display_name = 'Erased person', password = '!', is_active = false,
        last_login = NULL, erased_at = coalesce(erased_at, clock_timestamp()) WHERE id = in_person;

    -- Mail before requests: the mailer locks in this order.
    UPDATE public.portal_outboxentry o SET state = 'held', failure = 'erased' WHERE o.state = 'queued' AND (
        o.user_id = in_person
        OR o.ticket_id IN (SELECT t.id FROM public.portal_ticket t WHERE t.requester_id = in_person)
        OR o.email_address_id IN (SELECT e.id FROM public.account_emailaddress e WHERE e.user_id = in_person)
        OR o.message_id IN (SELECT m.id FROM public.portal_message m JOIN public.portal_ticket t ON t.id = m.ticket_id
                            WHERE t.requester_id = in_person));

    SELECT coalesce(array_agg(held.id), '{{}}') INTO tickets FROM (
        SELECT t.id FROM public.portal_ticket t WHERE t.requester_id = in_person ORDER BY t.id FOR NO KEY UPDATE) held;
    UPDATE public.portal_ticket SET subject = tombstone, status = 'closed',
        erased_at = coalesce(erased_at, clock_timestamp()), updated_at = clock_timestamp()
        WHERE id = ANY (tickets) AND erased_at IS NULL;
    UPDATE public.portal_messagebody b SET text = tombstone FROM public.portal_message m
        WHERE m.id = b.message_id AND m.ticket_id = ANY (tickets) AND b.text <> tombstone;
    UPDATE public.portal_releasepayload SET subject = tombstone, text = tombstone, html = '', recipients = ARRAY[nobody]
        WHERE ticket_id = ANY (tickets) AND (text <> tombstone OR recipients <> ARRAY[nobody]::varchar[]);
    UPDATE public.portal_attachment a SET name = 'erased', content_type = 'application/octet-stream'
        FROM public.portal_message m WHERE m.id = a.message_id AND m.ticket_id = ANY (tickets) AND a.name <> 'erased';
    DELETE FROM public.portal_deflectionshown WHERE ticket_id = ANY (tickets);

    SELECT coalesce(array_agg(r.id), '{{}}') INTO runs FROM public.triage_run r WHERE r.ticket_id = ANY (tickets);
    UPDATE public.triage_run SET outputs = '{{}}', embedding = NULL, embedding_version = '', failure_detail = ''
        WHERE id = ANY (runs);
    DELETE FROM public.triage_draftsentence s USING public.triage_draft d
        WHERE d.id = s.draft_id AND d.ticket_id = ANY (tickets);
    DELETE FROM public.triage_logfinding WHERE run_id = ANY (runs);
    DELETE FROM public.triage_logcoverage WHERE run_id = ANY (runs);
    DELETE FROM public.triage_fieldproposal WHERE run_id = ANY (runs);
    DELETE FROM public.triage_nextstep WHERE run_id = ANY (runs);
    UPDATE public.agents_review v SET comment = '' FROM public.triage_draft d
        WHERE d.id = v.draft_id AND d.ticket_id = ANY (tickets) AND v.comment <> '';
    DELETE FROM public.agents_compositioncitation c USING public.agents_composition k
        WHERE k.id = c.composition_id AND k.ticket_id = ANY (tickets);
    DELETE FROM public.agents_composition WHERE ticket_id = ANY (tickets);

    DELETE FROM public.django_session d USING public.usersessions_usersession s
        WHERE s.session_key = d.session_key AND s.user_id = in_person;
    DELETE FROM public.usersessions_usersession WHERE user_id = in_person;
    DELETE FROM public.account_emailconfirmation c USING public.account_emailaddress e
        WHERE e.id = c.email_address_id AND e.user_id = in_person;
    DELETE FROM public.account_emailaddress WHERE user_id = in_person;
    DELETE FROM public.portal_membership WHERE user_id = in_person;
    DELETE FROM public.wagtailusers_userprofile WHERE user_id = in_person;
    UPDATE public.django_admin_log SET object_repr = tombstone, change_message = ''
        WHERE user_id = in_person OR (object_id = in_person::text AND content_type_id IN (
            SELECT id FROM public.django_content_type WHERE app_label = 'portal' AND model = 'user'));
    -- Membership, address and session pages of the admin are logged under their own numbers, by the person's name.
    UPDATE public.django_admin_log SET object_repr = tombstone, change_message = ''
        WHERE before IS NULL AND strpos(lower(object_repr || change_message), address) > 0;

    INSERT INTO public.portal_auditevent (verb, actor_id, target, target_id, ticket_id, details, created_at)
        VALUES (CASE WHEN before IS NULL THEN 'person.erased' ELSE 'person.erased_again' END, actor, 'portal.user',
                in_person, NULL, jsonb_build_object('requests', cardinality(tickets)), clock_timestamp());
    RETURN QUERY SELECT a.storage_name::text FROM public.portal_attachment a
        JOIN public.portal_message m ON m.id = a.message_id WHERE m.ticket_id = ANY (tickets) ORDER BY a.id;
END $$;
REVOKE EXECUTE ON FUNCTION public.erase_person(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.erase_person(bigint, text) TO handrail_web;
ALTER FUNCTION public.erase_person(bigint, text) OWNER TO handrail_eraser;
"""

NOT_AFTER_ERASURE = """
CREATE TRIGGER composition_not_after_erasure BEFORE INSERT OR UPDATE ON agents_composition
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_erased();
"""


class Migration(migrations.Migration):
    # erase_person() names tables of every application, so their migrations are named here by hand.
    dependencies = [
        ("agents", "0004_release_wider"),
        ("portal", "0006_erasure"),
        ("triage", "0006_erased"),
        ("account", "0001_initial"),
        ("admin", "0001_initial"),
        ("contenttypes", "0001_initial"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
        ("wagtailusers", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(ERASE, "DROP FUNCTION public.erase_person(bigint, text);"),
        migrations.RunSQL(NOT_AFTER_ERASURE, "DROP TRIGGER composition_not_after_erasure ON agents_composition;"),
    ]
