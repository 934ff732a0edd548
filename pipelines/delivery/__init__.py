"""Delivery: from a college's drop zone to a complete package in the inbox.

Belongs here: drop zones (folder, SFTP, S3), archives, OpenPGP, and what is removed once
it is kept. Does not belong here: what a package says, which is for ``landing``.
"""
