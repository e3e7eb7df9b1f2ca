"""What the machine thinks: runs with their findings and proposals, and drafts with a source for every sentence."""

from triage.choices import (
    Container,
    Failure,
    FieldName,
    LadderReason,
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
from triage.models.ladder import AppliedValue, BlindCheck, LadderChange, LadderPolicy, RungSwitch
from triage.models.runs import FieldProposal, LogCoverage, LogFinding, NextStep, Run
from triage.models.screening import ScreeningWord
from triage.models.signals import SignalDecision
from triage.models.switches import DraftingDecision

__all__ = [
    "AppliedValue",
    "BlindCheck",
    "Container",
    "Draft",
    "DraftSentence",
    "DraftingDecision",
    "Failure",
    "FieldName",
    "FieldProposal",
    "LadderChange",
    "LadderPolicy",
    "LadderReason",
    "LogCoverage",
    "LogFinding",
    "LogFindingKind",
    "NextStep",
    "NextStepKind",
    "NoDraftReason",
    "NotWorded",
    "Run",
    "RunState",
    "RungSwitch",
    "ScreeningWord",
    "SentenceForm",
    "SentenceKind",
    "SignalDecision",
    "Verdict",
]
