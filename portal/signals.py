"""What the portal tells whoever stands to its right. Signals carry ids and are sent after the commit."""

from django.dispatch import Signal

# kwargs: message_id: int. A customer's message was stored; triage.sweep_untriaged finds what a receiver missed.
message_received = Signal()
