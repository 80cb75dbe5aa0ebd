"""The curation room: community-centre staff choose lectures, order them, add notes, print a code.

Words: a *playlist* is a curated, ordered list of lectures; its *short code* is printed on posters and never changes.
"""
