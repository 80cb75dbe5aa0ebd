"""Whoosh as the engine: the default for one machine, up to about twenty thousand lectures.

Whoosh keeps postings, stored texts and commits; matching and scoring walk the postings term by term in snapshot.py,
which is several times faster than Whoosh's own matcher trees and cannot loop (its issues 446 and 461 are in the
optimiser, which is never used). Only this package imports ``whoosh``.
"""
