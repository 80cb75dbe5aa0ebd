"""The curation room: community-centre staff choose lectures, order them, add notes, print a code.

Words: a *playlist* is a curated, ordered list of lectures of one centre (a unit); an *item* is a lecture in it with its
note; its *short code* is printed on posters. The tables are in app.catalogue.playlists, for the player shows them too.
Invariants: public id and short code never change; positions are 1 … n without gaps; a published playlist has at least
one public lecture at the moment of publishing; what is withdrawn may be published again.
"""
