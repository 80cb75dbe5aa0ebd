"""The catalogue room: what residents find. Home, browse, search; and the index that answers them.

Words: a *document* is what the index knows of a lecture; an *index change* says that a document is to be looked at
again. Invariants: the index is a cache of the database, rebuildable at any time; nothing found in it is shown before
the database has confirmed that it is public.
"""
