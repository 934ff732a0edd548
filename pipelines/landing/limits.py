"""The numbers of landing: caps that protect it, shares that hold a file.

Belongs here: every threshold of the feed specification's file checks, and the floor
that keeps a share from being judged on a handful of rows. Does not belong here:
limits of one row, which are edits of the feed's contract.
"""

# Reading.
MAX_FILE_BYTES = 4 << 30
MAX_UNPACKED_BYTES = 4 << 30
MAX_UNPACKED_RATIO = 250
MAX_RECORD_BYTES = 1_000_000

# A share of a file of forty rows is one row. Shares hold a file only when more rows
# than this are behind them; what is wrong with single rows is quarantined anyway.
FEW = 5

# F08, of the rows of a file.
UNREADABLE_SHARE = 0.01
DECODED_TWICE_SHARE = 0.001

# F11, against the last accepted snapshot of the same scope.
FALL = 0.20
FALL_OF_FEED = {"person": 0.10, "credential_award": 0.02}
RISE = 0.50

# F15.
QUARANTINED_SHARE = 0.02
NULL_SHARE = 0.05
NULL_SHARE_BEFORE = 0.005

# F17 looks at columns of at least so many rows that were not nearly constant before.
CONSTANT_ROWS = 20
CONSTANT_SHARE_BEFORE = 0.95

# F18 and X02.
TOTAL_TOLERANCE = 0.01
TERM_TOTAL_WARN = 0.005
TERM_TOTAL_HOLD = 0.05

# AWD-F01.
VANISHED_AWARD_SHARE = 0.001

# Findings listed one by one in a return file; the summary counts all of them.
LISTED_FINDINGS = 1_000
