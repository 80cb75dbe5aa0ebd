"""Foundations every capability stands on: database, outbox, jobs, errors, clock, ids, storage.

Words: a *unit of work* is one transaction; an *event* is a fact written in it; a *job* is work to do after it.
Invariant: only edges (a request, a job, a command) open and commit units of work.
"""
