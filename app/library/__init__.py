"""The shelves: regions, institutions, units, vocabularies, courses, lectures, captions, chapters.

Words: an *institution* owns lectures; a *unit* is a body that reports or guides (a bureau, a centre, a college as
organiser). Units have two superiors at once, one in the administrative line (教育局) and one in the professional
line (社区教育指导服务中心), and what a unit does for a region (administers, guides, serves) is a relation of its
own, so there is no single tree. A *term* is one value of a vocabulary, valid for some years.
Invariants: a published lecture has a title, a teacher and an institution; its public id never changes.
"""
