"""Nothing goes live unapproved: the rule of `kb.review`, kept by PostgreSQL.

Here and not in the forms, because Wagtail publishes in many ways (editor, bulk, schedule, copy, workflow, commands) that
share no function of ours. Each of them ends in one of the two updates below.
"""

from django.db import migrations

# A text of nobody's (a script, a command) claims no author and needs no second one. An alias shows what its original
# shows. The content's digest makes sure that the words that go live are the words that were approved.
GUARD = """
CREATE FUNCTION kb_check_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    text_of jsonb;
    approved_before bigint;
BEGIN
    SELECT r.content INTO text_of FROM public.wagtailcore_revision r
        WHERE r.id = NEW.revision_id AND r.object_id = NEW.article_id::text;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the revision is not one of this article' USING ERRCODE = '23H12';
    END IF;
    IF NEW.basis = 'review' THEN
        SELECT coalesce(max(a.revision_id), 0) INTO approved_before FROM public.kb_articleapproval a
            WHERE a.article_id = NEW.article_id AND a.revision_id < NEW.revision_id;
        IF EXISTS (SELECT 1 FROM public.wagtailcore_revision r
                   JOIN public.django_content_type t ON t.id = r.base_content_type_id
                   WHERE t.app_label = 'wagtailcore' AND t.model = 'page' AND r.object_id = NEW.article_id::text
                   AND r.id > approved_before AND r.id <= NEW.revision_id AND r.user_id = NEW.approved_by_id) THEN
            RAISE EXCEPTION 'nobody approves a text that they wrote' USING ERRCODE = '23H13';
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
                       SELECT 1 FROM public.kb_articleapproval a WHERE a.revision_id = r.id
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
       OR EXISTS (SELECT 1 FROM public.kb_articleapproval a WHERE a.revision_id = NEW.id
                  AND a.digest = encode(sha256(convert_to(NEW.content::text, 'UTF8')), 'hex')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an article is scheduled only in words that somebody else approved' USING ERRCODE = '23H12';
END $$;
CREATE TRIGGER kb_schedule_is_approved BEFORE INSERT OR UPDATE ON wagtailcore_revision FOR EACH ROW
    WHEN (NEW.approved_go_live_at IS NOT NULL) EXECUTE FUNCTION kb_refuse_unapproved_schedule();
"""
NO_GUARD = """
DROP TRIGGER kb_schedule_is_approved ON wagtailcore_revision;
DROP TRIGGER kb_article_is_approved_when_made ON wagtailcore_page;
DROP TRIGGER kb_article_is_approved_when_changed ON wagtailcore_page;
DROP TRIGGER kb_approver_is_not_the_author ON kb_articleapproval;
DROP FUNCTION kb_refuse_unapproved_schedule();
DROP FUNCTION kb_refuse_unapproved_article();
DROP FUNCTION kb_check_approval();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0003_review"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunSQL(GUARD, reverse_sql=NO_GUARD)]
