"""What the machine thinks: runs with their findings and proposals, and drafts with a source for every sentence."""

from triage.choices import (
    Failure,
    FieldName,
    LogFindingKind,
    NextStepKind,
    NoDraftReason,
    RunState,
    SentenceForm,
    SentenceKind,
    Verdict,
)
from triage.models.drafts import Draft, DraftSentence
from triage.models.runs import FieldProposal, LogFinding, NextStep, Run

__all__ = [
    "Draft",
    "DraftSentence",
    "Failure",
    "FieldName",
    "FieldProposal",
    "LogFinding",
    "LogFindingKind",
    "NextStep",
    "NextStepKind",
    "NoDraftReason",
    "Run",
    "RunState",
    "SentenceForm",
    "SentenceKind",
    "Verdict",
]
