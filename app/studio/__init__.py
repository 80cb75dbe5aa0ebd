"""The studio: where institutions upload, describe, watch progress and publish.

Words: an *upload* is a file on its way (tus 1.0); when whole it becomes a *source*. Invariants: bytes acknowledged are
durably kept; an upload finishes exactly once; only a lecture with ready media and a complete description is published.
"""
