"""Notices: what happened to a person's work or waits for them, in the bell, by mail at once, or in a digest.

Words: a *notice* is one line for one person; its *kind* decides its sentence and where it leads; a *choice* is what a
person wants of a kind (in the bell, by mail); a *digest* is one mail of a day or a week. Nobody calls this room: it
listens to facts of the rooms below. Invariants: a fact becomes at most one notice of a person; a mail is handed in with
the notice it tells of; one digest a person and period; only confirmed addresses are written to; whoever unsubscribed
gets no more of that kind, also of what already waited.
"""
