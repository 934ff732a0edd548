"""The numbers of landing: caps that protect it, shares that hold a file.

Belongs here: every threshold of the feed specification's file checks, and the floor
that keeps a share from being judged on a handful of rows. Does not belong here:
limits of one row, which are edits of the feed's contract.
"""

# Reading.
MAX_FILE_BYTES = 4 << 30
MAX_UNPACKED_BYTES = 4 << 30
MAX_UNPACKED_RATIO = 250
# Below this nobody asks how much a file grew: a short one can be all the same line.
SMALL_UNPACKED_BYTES = 64 << 20
# Thirty feeds, and room for what should not be there but is told about.
MAX_PACKAGE_FILES = 300
MAX_RECORD_BYTES = 1_000_000
# Rows times columns for a byte sent: 4,012 bytes of Parquet can say 500 million rows,
# 60 KB of gzip four million lines of commas.
MAX_CELLS_RATIO = 100
# The widest feed has some forty; more than this is no extract of a table.
MAX_COLUMNS = 2_000
SMALL_CELLS = 5_000_000

# A share of a file of forty rows is one row. Shares hold a file only when more rows
# than this are behind them; what is wrong with single rows is quarantined anyway.
FEW = 5

# F08, of the rows of a file.
UNREADABLE_SHARE = 0.01
DECODED_TWICE_SHARE = 0.001

# F11, against the last accepted snapshot of the same scope; F25, of the rows in force.
FALL = 0.20
FALL_OF_FEED = {"person": 0.10, "credential_award": 0.02}
RISE = 0.50

# F15.
QUARANTINED_SHARE = 0.02
# Rows without any key are told one by one up to here: each breaks five edits and more.
KEYLESS_ROWS = 10_000
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

# Drift. Likeness of two column names, 0 to 100; the lower one where the values are of
# a telling kind. student_no and student_id have 80, grade_date and grade_posted_on 64.
RENAMED_NAME = 65
RENAMED_NAME_BY_VALUE = 50
RENAMED_VALUES = 0.95
SAMPLE_BYTES = 256 << 10
# F23: of the filled values so many fail their type, and of those so many in one way.
RETYPED_SHARE = 0.5
RETYPED_SAME = 0.9
EXTENSION_COLUMNS = 50

# Findings of one kind in the JSON of a return file, and in all in its workbook; the CSV
# has every one, and the summary counts them.
LISTED_FINDINGS = 1_000
WORKBOOK_FINDINGS = 10_000
# Findings of severity F that the ledger keeps in words: enough to judge a held package.
STOPPING_FINDINGS = 100
# Of one edit on the page that people read.
PAGE_FINDINGS = 12
