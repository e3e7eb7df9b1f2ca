"""What kb asks of whoever stands to its right."""

from django.dispatch import Signal

# kwargs: most: int. Each receiver returns up to that many pairs (question, article id): what people asked, and the
# article that served them. A new generation of the index must still find it.
recorded_questions_wanted = Signal()
