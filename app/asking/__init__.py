"""What residents ask: completing what they type, what many ask, wishes for lectures, and words an operator teaches.

A **popular query** is one that found something and that several askers had in one week; it is counted by day and text,
and whoever asked is kept as one of sixty buckets. A **wish** is what somebody would like to learn and did not find; the
same wish is counted once for each time it is made, by city. A **search word** is a line of the operator's thesaurus.

Invariants: no account, address or device is kept; nothing that looks like a phone or identity number is kept; what few
asked is forgotten with its week. It stands below the catalogue, which counts here what it found (decision 0018).
"""
