"""What a registrar reads: return files, scorecards and the state-wide page.

Belongs here: words, sheets and pages made of what landing found. Does not belong
here: finding or deciding anything (``pipelines.landing``).
"""
