"""Who may call what on whose things, written by hand: the gates, and which gate stands before which route.

A gate says for each person what happens on their own place's thing, on a sibling's in the same city, and on one of
another city: `+` let in (whatever comes of it), `-` refused (403), `0` not even told that it is there (404), `L` asked
to sign in. Columns: own, sibling, foreign.
"""

from __future__ import annotations

#: The people, all of one college or its city; "maker" made its lectures, "colleague" did not; "partner" is the admin of
#: a college elsewhere with which they were made.
PEOPLE = ("nobody", "maker", "colleague", "admin", "partner", "reviewer", "curator", "officer", "operator")

_TABLE = """
gate              nobody  maker  colleague  admin  partner  reviewer  curator  officer  operator
public            +++     +++    +++        +++    +++      +++       +++      +++      +++
signed_in         LLL     +++    +++        +++    +++      +++       +++      +++      +++
contributors      LLL     +++    +++        +++    +++      ---       ---      ---      +++
curators          LLL     ---    ---        ---    ---      ---       +++      ---      +++
reviewers         LLL     ---    ---        +++    +++      +++       ---      +++      +++
keepers           LLL     ---    ---        +++    +++      ---       ---      ---      +++
operators         LLL     ---    ---        ---    ---      ---       ---      ---      +++
officers          LLL     ---    ---        ---    ---      ---       ---      +++      +++
providers         LLL     +++    +++        +++    +++      ---       ---      +++      +++

draft_page        000     +00    +00        +00    +00      +00       000      000      +++
studio_look       LLL     +00    +00        +00    +00      ---       ---      ---      +++
studio_change     LLL     +00    -00        +00    +00      ---       ---      ---      +++
studio_shelved    LLL     +--    ---        +--    +--      ---       ---      ---      +++
upload            LLL     +00    000        +00    000      ---       ---      ---      +++
defaults          LLL     ---    ---        +--    ---      ---       ---      ---      +++
green_look        LLL     +--    +--        +--    ---      ---       ---      ---      +++
green_lecture     LLL     +00    +00        +00    000      ---       ---      ---      +++
course            LLL     +00    +00        +00    000      ---       ---      ---      +++
course_end        LLL     -00    -00        +00    000      ---       ---      ---      +++
course_place      LLL     +00    -00        +00    000      ---       ---      ---      +++

desk_playlist     LLL     ---    ---        ---    ---      ---       +00      ---      +++
draft_code        000     000    000        000    000      000       +00      000      +++
draft_playlist    000     000    000        000    000      000       000      000      000

figures_lecture   LLL     +00    +00        +00    +00      ---       ---      ---      +++
figures_all       LLL     ---    ---        +--    ---      ---       ---      ---      +++
certificate       LLL     +00    000        +00    000      ---       ---      ---      +++
certificate_void  LLL     -00    000        +00    000      ---       ---      ---      +++

case              LLL     ---    ---        +00    000      +00       ---      ++0      +++
seat_one          LLL     ---    ---        -00    000      +00       ---      --0      ---
seat_two          LLL     ---    ---        +00    000      -00       ---      --0      ---
seat_three        LLL     ---    ---        -00    000      -00       ---      ++0      +++

overseen          LLL     ---    ---        ---    ---      ---       ---      ++0      +++
managed           LLL     000    000        +00    000      000       000      000      +++

for_institution   LLL     +--    +--        +--    ---      ---       ---      ---      +++
for_certificate   LLL     +00    -00        -00    000      ---       ---      ---      000
"""


def read_gates(table: str = _TABLE) -> dict[str, dict[str, str]]:
    """Return gate -> person -> three answers."""
    lines = [line.split() for line in table.splitlines() if line.strip()]
    people = lines[0][1:]
    return {line[0]: dict(zip(people, line[1:], strict=True)) for line in lines[1:]}


#: Things named in a form or a query instead of the address: endpoint -> gate.
BY_FORM: dict[str, str] = {
    "review.submission": "studio_change",
    "review.submit": "studio_change",
    "review.pass_many": "seat_one",
    "studio.uploads": "studio_change",
    "studio.deletion": "studio_change",
    "studio.delete_drafts": "studio_change",
    "studio.create_lecture": "for_institution",
    "studio.create_batch": "for_institution",
    "watching.issue_certificate": "for_certificate",
}
#: Who decides about a review that has come to a level, and remarks on it.
SEATS: dict[int, str] = {1: "seat_one", 2: "seat_two", 3: "seat_three"}
#: The same routes on what is on the shelf: everybody may look, and what may not be changed is refused, not hidden.
SHELVED: dict[str, str] = {
    "player.lecture": "public",
    "player.attachment": "public",
    "player.caption": "public",
    "player.media": "public",
    "player.download": "public",
    "player.qr_code": "public",
    "api.lecture": "public",
    "studio.save_lecture": "studio_change",
    "studio.withdraw_lecture": "studio_shelved",
    "studio.publish_lecture": "studio_shelved",
    "studio.remove_caption": "studio_shelved",
    "review.discard": "studio_shelved",
    "review.recall": "studio_shelved",
}
