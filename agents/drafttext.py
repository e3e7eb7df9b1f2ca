"""A draft's sentences as the plain text of a reply: paragraphs, numbered steps, commands on lines of their own.

The words are the sentences' own, in their order; only what stands between them is added.
"""

from triage.models import Draft, DraftSentence, SentenceForm

_PROSE = {SentenceForm.SENTENCE}


def draft_text(draft: Draft) -> str:
    """The text that "use this draft" puts into the editor, and that an unchanged reply is compared with."""
    lines: list[str] = []
    before: DraftSentence | None = None
    step = 0
    for sentence in draft.sentences.select_related("source_text"):
        if before is None or before.heading != sentence.heading:
            step = 0
        if sentence.form == SentenceForm.STEP:
            step += 1
        _add(lines, sentence, before, step)
        before = sentence
    return "\n".join(lines)


def _add(lines: list[str], sentence: DraftSentence, before: DraftSentence | None, step: int) -> None:
    words = _marked(sentence, step)
    if before is not None and _runs_on(before, sentence):
        lines[-1] = f"{lines[-1]} {words}"
        return
    if before is not None and not _follows_closely(before, sentence):
        lines.append("")
    lines.append(words)


def _marked(sentence: DraftSentence, step: int) -> str:
    if sentence.form == SentenceForm.STEP:
        return f"{step}. {sentence.text}"
    return f"- {sentence.text}" if sentence.form == SentenceForm.ITEM else sentence.text


def _runs_on(before: DraftSentence, sentence: DraftSentence) -> bool:
    """Whether the sentence continues the paragraph of the one before it, as it does in their article."""
    if before.form not in _PROSE or sentence.form not in _PROSE or before.source_text_id != sentence.source_text_id:
        return False
    if sentence.source_text is None or before.end is None or sentence.start is None:
        return False
    return before.heading == sentence.heading and "\n" not in sentence.source_text.text[before.end : sentence.start]


def _follows_closely(before: DraftSentence, sentence: DraftSentence) -> bool:
    """Whether no empty line stands between two steps, two items or two commands."""
    return before.form == sentence.form and sentence.form not in _PROSE and before.heading == sentence.heading
