"""The clerical review of pairs the night may not decide by itself.

Belongs here: the worklist going out (sheets and a page), the decisions coming back, and
the checks on them. Does not belong here: why a pair is doubtful (``evidence``), and
writing to the log (``steward``).
"""
