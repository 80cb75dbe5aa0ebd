"""tantivy as the engine: for large catalogues and many hosts, each with its own replica of the index.

Terms come ready from our own analysis, so tantivy only keeps and counts them. Its writer runs in the one writer's
process; readers follow its commits. Only this package imports ``tantivy``, an optional extra.
"""
