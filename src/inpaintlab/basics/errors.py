"""The one exception that is meant for people."""


class UserError(Exception):
    """Something the user gave is wrong; the verbs print the message alone, without a traceback.

    The message is one line that names the thing, what was expected and how to mend it.
    """
