"""Why the stack cannot do what it was asked."""


class StackError(Exception):
    """The stack cannot be started, changed or ended; the message says what to do next."""
