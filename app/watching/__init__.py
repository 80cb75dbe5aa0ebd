"""Who is watching: plays, minutes, completion and coarse places of lectures, counted without knowing anybody.

A **play** is one person's going through one lecture; its player names it at random and sends **beacons**: how many
seconds were played and covered so far. Beacons are rows, sums by lecture and day are made of them by a job, and raw
beacons are removed after some days. A **certificate** prints what a teacher's lectures did in a year; what is printed
is frozen when it is issued.

Invariants: no account, address or device is kept; a beacon counts once however often it comes; no play has more seconds
than passed; plays of a lecture's own people are not counted; small numbers of places are never told exactly.
"""
