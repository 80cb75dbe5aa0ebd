"""Joining: institutions and centres apply, officers verify, administrators look after members and take over their work.

Words: an *application* is what an institution or a centre sends in without an account; its *receipt* is the secret its
applicant follows it by; *papers* are the files attached to it; an *invitation* lets one person become a member of one
place, once; a *place* is an institution or a unit that has members; a *hand-over* gives one member's work to a
colleague. Invariants: receipts and invitations are kept as hashes; a place that has an administrator never loses its
last one; nobody's papers outlive the time config/joining.toml gives them.
"""
