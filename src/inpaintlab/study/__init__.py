"""People judge: pairs of pictures by two methods, one question, votes, and what they say.

``judged_pictures`` what is compared; ``definition`` a study on disk; ``trials`` who sees what in which order; ``store``
the votes; ``server`` and ``page/`` what participants see; ``result`` the statistics.
"""
