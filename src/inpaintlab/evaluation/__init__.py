"""Judge a model: every prediction made once, streamed through every protocol, and kept as it goes.

``holes`` says which holes, ``setup`` gathers what is judged by what, ``predictions`` does the work batch by batch into
a ``journal``, and ``summary`` turns the whole journal into the files that others read.
"""
