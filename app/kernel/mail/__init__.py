"""Mail that leaves the house: a row written with the change it tells of, sent by a job after it.

Words: a *letter* is what a caller hands in; an *outgoing mail* is its row; a *post* is the way out (SMTP, a folder of
.eml files, or none). Invariants: nothing is sent for a change that was rolled back; what was committed is sent at least
once and, seen by its Message-ID, as one mail; no text of a caller can add a header or a recipient; without a post the
row says so ("not configured") and nothing is tried.
"""
