"""Domain errors of kb; the edges put them into words for people."""

from django.core.exceptions import PermissionDenied


class ImportBusyError(RuntimeError):
    """Another import of articles is running."""


class OwnWorkError(PermissionDenied):
    """Somebody tried to approve a text that they wrote, or part of it."""


class GenerationRefusedError(RuntimeError):
    """A generation of the index cannot be begun, switched to or dropped as things are; the message is for operators."""


class EmergencyError(PermissionDenied):
    """Why one person cannot publish alone, or not this; `str()` is a sentence for people."""
