"""The verbs of the command line: words -> checked settings -> one call."""
