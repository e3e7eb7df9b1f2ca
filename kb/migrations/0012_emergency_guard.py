"""Nothing goes live unapproved but in an emergency: the rule of `kb.review` and `kb.emergency`, kept by PostgreSQL.

The triggers of `review_guard` as before, with one more word that an article may go live on: that of one person who has
the right, where the owner of the tables allows it, with a reason. It is a word for now and not for a schedule, it is no
approval of what comes after, and it ends when a second person finds the text wrong.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("kb.migrations.0004_review_guard")

# Whose text a revision is: who wrote any part of it since the last revision that somebody else approved or a source
# vouched for, and who put such a part out alone.
OWN_WORK = """
CREATE FUNCTION kb_is_own_work(article bigint, revision bigint, person bigint) RETURNS boolean LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    approved_before bigint;
BEGIN
    SELECT coalesce(max(a.revision_id), 0) INTO approved_before FROM public.kb_articleapproval a
        WHERE a.article_id = article AND a.revision_id < revision AND a.basis <> 'emergency';
    RETURN EXISTS (SELECT 1 FROM public.wagtailcore_revision r
                   JOIN public.django_content_type t ON t.id = r.base_content_type_id
                   WHERE t.app_label = 'wagtailcore' AND t.model = 'page' AND r.object_id = article::text
                   AND r.id > approved_before AND r.id <= revision AND r.user_id = person)
        OR EXISTS (SELECT 1 FROM public.kb_articleapproval a WHERE a.article_id = article
                   AND a.revision_id > approved_before AND a.revision_id <= revision AND a.published_by_id = person);
END $$;
"""
# The right is read from where Django keeps it, so that a form or a page that forgot to ask changes nothing.
APPROVALS = """
CREATE FUNCTION kb_check_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    text_of jsonb;
BEGIN
    SELECT r.content INTO text_of FROM public.wagtailcore_revision r
        WHERE r.id = NEW.revision_id AND r.object_id = NEW.article_id::text;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the revision is not one of this article' USING ERRCODE = '23H12';
    END IF;
    IF NEW.basis = 'review' THEN
        IF public.kb_is_own_work(NEW.article_id, NEW.revision_id, NEW.approved_by_id) THEN
            RAISE EXCEPTION 'nobody approves a text that they wrote or put out alone' USING ERRCODE = '23H13';
        END IF;
    ELSIF NEW.basis = 'emergency' THEN
        IF NOT EXISTS (SELECT 1 FROM public.kb_editorialpolicy p WHERE p.id = 1 AND p.emergency_allowed) THEN
            RAISE EXCEPTION 'nobody publishes alone on this site' USING ERRCODE = '23H12';
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM public.portal_user u
            JOIN public.auth_permission m ON m.codename = 'publish_in_emergency'
            JOIN public.django_content_type t ON t.id = m.content_type_id AND t.app_label = 'kb'
            WHERE u.id = NEW.published_by_id AND u.is_active AND u.kind = 'human' AND (
                u.is_superuser
                OR EXISTS (SELECT 1 FROM public.portal_user_user_permissions o
                           WHERE o.user_id = u.id AND o.permission_id = m.id)
                OR EXISTS (SELECT 1 FROM public.portal_user_groups g
                           JOIN public.auth_group_permissions o ON o.group_id = g.group_id
                           WHERE g.user_id = u.id AND o.permission_id = m.id))) THEN
            RAISE EXCEPTION 'this person may not publish alone' USING ERRCODE = '23H13';
        END IF;
        IF char_length(btrim(NEW.reason)) < 10 THEN
            RAISE EXCEPTION 'whoever publishes alone says why' USING ERRCODE = '23H12';
        END IF;
    ELSIF NOT EXISTS (SELECT 1 FROM public.kb_articlepage p
                      WHERE p.page_ptr_id = NEW.article_id AND p.source_name <> '') THEN
        RAISE EXCEPTION 'the article was not imported' USING ERRCODE = '23H12';
    END IF;
    NEW.digest := encode(sha256(convert_to(text_of::text, 'UTF8')), 'hex');
    RETURN NEW;
END $$;
CREATE TRIGGER kb_approver_is_not_the_author BEFORE INSERT ON kb_articleapproval
    FOR EACH ROW EXECUTE FUNCTION kb_check_approval();
"""
FINDINGS = """
CREATE FUNCTION kb_check_finding() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    emergency public.kb_articleapproval;
BEGIN
    SELECT a.* INTO emergency FROM public.kb_articleapproval a WHERE a.id = NEW.emergency_id;
    IF emergency.basis IS DISTINCT FROM 'emergency' THEN
        RAISE EXCEPTION 'this was published in no emergency' USING ERRCODE = '23H12';
    END IF;
    IF public.kb_is_own_work(emergency.article_id, emergency.revision_id, NEW.found_by_id) THEN
        RAISE EXCEPTION 'nobody reviews what they wrote or put out alone' USING ERRCODE = '23H13';
    END IF;
    IF NOT NEW.was_right AND EXISTS (SELECT 1 FROM public.wagtailcore_page p
                                     WHERE p.live AND p.live_revision_id = emergency.revision_id) THEN
        RAISE EXCEPTION 'what is wrong is taken down or mended first' USING ERRCODE = '23H12';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kb_finding_is_a_second_persons BEFORE INSERT ON kb_emergencyfinding
    FOR EACH ROW EXECUTE FUNCTION kb_check_finding();
"""
# A text of nobody's (a script, a command) claims no author and needs no second one. An alias shows what its original
# shows. The content's digest makes sure that the words that go live are the words that were approved.
LIVE = """
CREATE FUNCTION kb_refuse_unapproved_article() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.django_content_type t
                   WHERE t.id = NEW.content_type_id AND t.app_label = 'kb' AND t.model = 'articlepage')
       OR EXISTS (SELECT 1 FROM public.kb_editorialpolicy p WHERE p.id = 1 AND NOT p.review_required) THEN
        RETURN NEW;
    END IF;
    IF NEW.alias_of_id IS NOT NULL OR (NEW.live_revision_id IS NULL AND NEW.owner_id IS NULL) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM public.wagtailcore_revision r WHERE r.id = NEW.live_revision_id AND (
                   r.user_id IS NULL OR EXISTS (
                       SELECT 1 FROM public.kb_articleapproval a
                       LEFT JOIN public.kb_emergencyfinding f ON f.emergency_id = a.id
                       WHERE a.revision_id = r.id AND f.was_right IS DISTINCT FROM false
                       AND a.digest = encode(sha256(convert_to(r.content::text, 'UTF8')), 'hex')))) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an article goes live only in words that somebody else approved' USING ERRCODE = '23H12';
END $$;
CREATE TRIGGER kb_article_is_approved_when_changed BEFORE UPDATE ON wagtailcore_page FOR EACH ROW
    WHEN (NEW.live AND (NOT OLD.live OR NEW.live_revision_id IS DISTINCT FROM OLD.live_revision_id))
    EXECUTE FUNCTION kb_refuse_unapproved_article();
CREATE TRIGGER kb_article_is_approved_when_made BEFORE INSERT ON wagtailcore_page FOR EACH ROW
    WHEN (NEW.live) EXECUTE FUNCTION kb_refuse_unapproved_article();

CREATE FUNCTION kb_refuse_unapproved_schedule() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.user_id IS NULL
       OR NOT EXISTS (SELECT 1 FROM public.django_content_type t
                      WHERE t.id = NEW.content_type_id AND t.app_label = 'kb' AND t.model = 'articlepage')
       OR EXISTS (SELECT 1 FROM public.kb_editorialpolicy p WHERE p.id = 1 AND NOT p.review_required)
       OR EXISTS (SELECT 1 FROM public.kb_articleapproval a WHERE a.revision_id = NEW.id AND a.basis <> 'emergency'
                  AND a.digest = encode(sha256(convert_to(NEW.content::text, 'UTF8')), 'hex')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an article is scheduled only in words that somebody else approved' USING ERRCODE = '23H12';
END $$;
CREATE TRIGGER kb_schedule_is_approved BEFORE INSERT OR UPDATE ON wagtailcore_revision FOR EACH ROW
    WHEN (NEW.approved_go_live_at IS NOT NULL) EXECUTE FUNCTION kb_refuse_unapproved_schedule();
"""
NO_EMERGENCY = """
DROP TRIGGER kb_finding_is_a_second_persons ON kb_emergencyfinding;
DROP FUNCTION kb_check_finding();
"""


class Migration(migrations.Migration):
    dependencies = [("kb", "0011_emergency")]

    operations = [
        migrations.RunSQL(
            f"{BEFORE.NO_GUARD}{OWN_WORK}{APPROVALS}{FINDINGS}{LIVE}",
            reverse_sql=f"{NO_EMERGENCY}{BEFORE.NO_GUARD}DROP FUNCTION kb_is_own_work(bigint, bigint, bigint);{BEFORE.GUARD}",
        )
    ]
