"""The lift: takes sources to renditions by driving media_pipeline, and guards what of it the public may fetch.

Words: a *source* is an uploaded master; a *media set* is everything one plan made of it (manifests, renditions,
poster), immutable under a prefix named by the plan's digest; one set of a lecture is *current*; a *caption draft*
is subtitles found inside a source, which residents do not see before the teacher keeps them.
Invariants: a set is recorded only when its objects are all in the store; objects under no recorded set are orphans.
"""
