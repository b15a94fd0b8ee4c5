"""The one exception that reaches a user as a single line."""


class InputError(ValueError):
    """Input that the user can mend. The message says what came, what was expected and what to do.

    The stages and the ``harmonize`` command print it as one line and exit with code 2; every other
    exception is a defect of ours and keeps its traceback.
    """
