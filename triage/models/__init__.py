"""What the machine thinks: runs with their findings and proposals, and drafts with a source for every sentence."""

from triage.choices import (
    Container,
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
from triage.models.runs import FieldProposal, LogCoverage, LogFinding, NextStep, Run

__all__ = [
    "Container",
    "Draft",
    "DraftSentence",
    "Failure",
    "FieldName",
    "FieldProposal",
    "LogCoverage",
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
