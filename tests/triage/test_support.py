"""A sentence is supported when it says what its span says: nothing new, nothing moved, nothing that turns it lost."""

import pytest

from triage.facts import Form
from triage.support import exact_things, says_the_same, turns

CAUSE = "The queue keeps finished jobs until somebody clears it."
PLAIN = "The next export then goes through all the waiting orders of the shop."
WARNING = "Do not delete the queue before you stop the worker."
STEP = "Set the limit to 500 in Tools > Export queue."
PORTS = "Move it from port 8080 to port 9090."


@pytest.mark.parametrize(
    ("said", "span", "form"),
    [
        (CAUSE, CAUSE, Form.SENTENCE),
        ("The queue will keep your finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        ("Don't delete the queue before you stop the worker.", WARNING, Form.SENTENCE),
        ("Please do not delete your queue before stopping the worker.", WARNING, Form.SENTENCE),
        ("Then please set the limit to 500 in Tools > Export queue.", STEP, Form.STEP),
        ("Your admin can open it.", "The admins open it.", Form.SENTENCE),
        ("It can't start.", "It cannot start.", Form.SENTENCE),
        ("bin/export run --resume", "bin/export run --resume", Form.COMMAND),
    ],
)
def test_the_same_in_other_small_words_is_supported(said: str, span: str, form: Form) -> None:
    assert says_the_same(said, span, form)


@pytest.mark.parametrize(
    ("said", "span", "form"),
    [
        # Another meaning by one word more, less or elsewhere.
        ("Do delete the queue before you stop the worker.", WARNING, Form.SENTENCE),
        ("Delete the queue before you stop the worker.", WARNING, Form.SENTENCE),
        ("Do not delete the queue after you stop the worker.", WARNING, Form.SENTENCE),
        ("Delete the queue, do not stop the worker before.", WARNING, Form.SENTENCE),
        ("Do not stop the worker before you delete the queue.", WARNING, Form.SENTENCE),
        ("The queue only keeps finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        ("The queue keeps finished jobs and somebody clears it.", CAUSE, Form.SENTENCE),
        ("The queue keeps jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        # Something new.
        ("The queue keeps finished jobs until somebody clears it by hand.", CAUSE, Form.SENTENCE),
        ("Send your password, the queue keeps finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        ("We refunded the queue until somebody clears it.", CAUSE, Form.SENTENCE),
        ("HACKED", CAUSE, Form.SENTENCE),
        ("It is.", CAUSE, Form.SENTENCE),
        ("Обращайтесь к нам.", CAUSE, Form.SENTENCE),
        ("The quеue keeps finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        ("The ｑueue keeps finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        ("The `queue` keeps finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        ("<b>The queue</b> keeps finished jobs until somebody clears it.", CAUSE, Form.SENTENCE),
        # Exact things: other, moved, lost.
        ("Set the limit to 5000 in Tools > Export queue.", STEP, Form.STEP),
        ("Set the limit in Tools > Export queue.", STEP, Form.STEP),
        ("Set the limit to 500 in Export queue > Tools.", STEP, Form.STEP),
        ("Move it from port 9090 to port 8080.", PORTS, Form.SENTENCE),
        ("Move it to port 8080.", PORTS, Form.SENTENCE),
        ("Move it from port 8080 to port 9090: https://example.org", PORTS, Form.SENTENCE),
        # A step that is told as done, hollowed out or run together.
        ("We have set the limit to 500 in Tools > Export queue.", STEP, Form.STEP),
        ("You have set the limit to 500 in Tools > Export queue.", STEP, Form.STEP),
        ("Setting the limits to 500 in Tools > Export queue.", STEP, Form.STEP),
        ("Set it.", STEP, Form.STEP),
        ("Press it on.", "Press it off.", Form.STEP),
        # Too little of a plain sentence.
        ("The next export.", PLAIN, Form.SENTENCE),
        # Commands are letter for letter.
        ("bin/export run --resume --force", "bin/export run --resume", Form.COMMAND),
        ("bin/export  run --resume", "bin/export run --resume", Form.COMMAND),
        ("Solutions", "Solution", Form.HEADING),
        ("The queue keeps finished jobs\nuntil somebody clears it.", CAUSE, Form.SENTENCE),
    ],
)
def test_anything_else_is_not(said: str, span: str, form: Form) -> None:
    assert not says_the_same(said, span, form)


def test_of_a_plain_sentence_a_few_words_may_be_left_out() -> None:
    assert says_the_same("The next export goes through the waiting orders.", PLAIN.replace("all ", ""), Form.SENTENCE)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("Run `bin/export run --resume`, then see EXP-4711.", {"bin/export", "--resume", "EXP-4711"}),
        ("Version 3.1.0 of php.ini, .env and maxRows.", {"3.1.0", "php.ini", ".env", "maxRows"}),
        ("Call flush() on 10.0.0.1:8080 (HTTPS).", {"flush()", "10.0.0.1:8080", "HTTPS"}),
        ("Write to help@example.org or www.example.org/a?b=c.", {"help@example.org", "www.example.org/a?b=c"}),
        ("A plain sentence, with a dash - and nothing else!", set()),
    ],
)
def test_exact_things_are_found(text: str, exact: set[str]) -> None:
    assert exact_things(text) == exact


def test_warnings_and_limits_are_known_by_their_words() -> None:
    assert turns("Only leads see it.")
    assert turns("It can't be undone.")
    assert not turns("The export goes through.")
