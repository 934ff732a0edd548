"""A package before a row of it is read: in the inbox, its manifest, whether it may."""
