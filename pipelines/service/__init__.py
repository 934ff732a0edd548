"""The record service: published records to whom learners allow, and checks for all.

Belongs here: the reading side of 1EdTech's APIs, OAuth 2.0 in front of it, what is
public, the verification page. Does not belong here: anything that changes a record;
the build database and the vault, which this room never opens.
"""
