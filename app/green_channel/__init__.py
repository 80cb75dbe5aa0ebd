"""The green channel (绿色通道): institutions open lectures to communities, and the system keeps them to it.

Words: a *grant* opens courses and lectures for a period, regions and audiences; a *promise* is one property of every
opened lecture (free, no sign-in, for weak phones …); a lecture's *standing* is what the last check of its promises
found; it carries the *badge* while its grant holds and no promise is broken; the *register* (开放目录) lists grants.
Invariants: nobody sets a badge, only the check does; grants are never deleted; the tables other rooms read are on the
library's shelf (app/library/green_grants.py) and written here alone.
"""
