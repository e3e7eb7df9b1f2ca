"""What the machine thinks: runs with their findings and proposals, and drafts with a source for every sentence."""

from triage.choices import (
    Container,
    Failure,
    FieldName,
    LogFindingKind,
    NextStepKind,
    NoDraftReason,
    NotWorded,
    RunState,
    SentenceForm,
    SentenceKind,
    Verdict,
)
from triage.models.drafts import Draft, DraftSentence
from triage.models.runs import FieldProposal, LogCoverage, LogFinding, NextStep, Run
from triage.models.switches import DraftingDecision

__all__ = [
    "Container",
    "Draft",
    "DraftSentence",
    "DraftingDecision",
    "Failure",
    "FieldName",
    "FieldProposal",
    "LogCoverage",
    "LogFinding",
    "LogFindingKind",
    "NextStep",
    "NextStepKind",
    "NoDraftReason",
    "NotWorded",
    "Run",
    "RunState",
    "SentenceForm",
    "SentenceKind",
    "Verdict",
]
