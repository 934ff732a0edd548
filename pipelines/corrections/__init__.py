"""What learners ask colleges to correct, and what the colleges answered.

Belongs here: requests, answers, and the list that a college gets. Does not belong here:
how a claim is traced to its line (``pipelines.explain``), and the correction itself: a
college sends the line anew.
"""
