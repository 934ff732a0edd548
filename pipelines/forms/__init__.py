"""One signed record in the forms that others read: badges, a page, a transcript.

Belongs here: what reads a published record and writes it in another shape. Does not
belong here: anything that signs, or that changes what a record says.
"""
