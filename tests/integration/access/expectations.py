"""Who may call what on whose things, written by hand: the gates, and which gate stands before which route.

A gate says for each person what happens on their own place's thing, on a sibling's in the same city, and on one of
another city: `+` let in (whatever comes of it), `-` refused (403), `0` not even told that it is there (404), `L` asked
to sign in. Columns: own, sibling, foreign.
"""

from __future__ import annotations

#: The people, all of one college or its city; "maker" made its lectures, "colleague" did not.
PEOPLE = ("nobody", "maker", "colleague", "admin", "reviewer", "curator", "officer", "operator")

_TABLE = """
gate              nobody maker colleague admin reviewer curator officer operator
public            +++    +++   +++       +++   +++      +++     +++     +++
signed_in         LLL    +++   +++       +++   +++      +++     +++     +++
contributors      LLL    +++   +++       +++   ---      ---     ---     +++
curators          LLL    ---   ---       ---   ---      +++     ---     +++
reviewers         LLL    ---   ---       +++   +++      ---     +++     +++
operators         LLL    ---   ---       ---   ---      ---     ---     +++

draft_page        000    +00   +00       +00   +00      000     000     +++
studio_look       LLL    +00   +00       +00   ---      ---     ---     +++
studio_change     LLL    +00   -00       +00   ---      ---     ---     +++
studio_shelved    LLL    +--   ---       +--   ---      ---     ---     +++
upload            LLL    +00   000       +00   ---      ---     ---     +++
defaults          LLL    ---   ---       +--   ---      ---     ---     +++

desk_playlist     LLL    ---   ---       ---   ---      +00     ---     +++
draft_code        000    000   000       000   000      +00     000     +++
draft_playlist    000    000   000       000   000      000     000     000

case              LLL    ---   ---       +00   +00      ---     ++0     +++
seat_one          LLL    ---   ---       -00   +00      ---     --0     ---
"""


def read_gates(table: str = _TABLE) -> dict[str, dict[str, str]]:
    """Return gate -> person -> three answers."""
    lines = [line.split() for line in table.splitlines() if line.strip()]
    people = lines[0][1:]
    return {line[0]: dict(zip(people, line[1:], strict=True)) for line in lines[1:]}


#: "METHOD endpoint" or an endpoint of all its methods -> gate. What is not here fails the test.
ROUTES: dict[str, str] = {
    "accounts.sign_in": "public",
    "accounts.sign_in_submit": "public",
    "accounts.sign_out": "signed_in",
    "admin.cancel_encode": "operators",
    "admin.confirm_cancel": "operators",
    "admin.confirm_renewal": "operators",
    "admin.confirm_retry": "operators",
    "admin.healthz": "public",
    "admin.overview": "operators",
    "admin.queue": "operators",
    "admin.renew": "operators",
    "admin.retry_encode": "operators",
    "admin.retry_job": "operators",
    "api.lecture": "public",
    "api.lectures": "public",
    "api.openapi": "public",
    "catalogue.browse": "public",
    "catalogue.home": "public",
    "catalogue.search": "public",
    "curation.add_item": "desk_playlist",
    "curation.arrange": "desk_playlist",
    "curation.code_form": "public",
    "curation.confirm_withdraw": "desk_playlist",
    "curation.create_playlist": "curators",
    "curation.desk": "curators",
    "curation.move_item": "desk_playlist",
    "curation.new_playlist": "curators",
    "curation.play": "draft_playlist",
    "curation.playlist": "draft_playlist",
    "curation.playlists": "public",
    "curation.poster": "desk_playlist",
    "curation.preview": "desk_playlist",
    "curation.publish": "desk_playlist",
    "curation.qr_code": "draft_code",
    "curation.remove_item": "desk_playlist",
    "curation.restore_item": "desk_playlist",
    "curation.save_details": "desk_playlist",
    "curation.set_note": "desk_playlist",
    "curation.short_link": "public",
    "curation.withdraw": "desk_playlist",
    "player.attachment": "draft_page",
    "player.caption": "draft_page",
    "player.chapters": "draft_page",
    "player.cover": "public",
    "player.download": "draft_page",
    "player.growth": "draft_page",
    "player.lecture": "draft_page",
    "player.media": "draft_page",
    "review.add_comment": "seat_one",
    "review.add_word": "operators",
    "review.board": "reviewers",
    "review.caption": "case",
    "review.case": "case",
    "review.confirm_discard": "studio_change",
    "review.decide": "seat_one",
    "review.discard": "studio_change",
    "review.end_word": "operators",
    "review.media": "case",
    "review.pass_many": "reviewers",
    "review.queue": "reviewers",
    "review.recall": "studio_change",
    "review.recheck": "case",
    "review.remove_comment": "case",
    "review.rules": "operators",
    "review.save_rule": "operators",
    "review.submission": "contributors",
    "review.submit": "contributors",
    "review.undo": "case",
    "review.words": "operators",
    "studio.add_attachment": "studio_change",
    "studio.add_caption": "studio_change",
    "studio.batch": "upload",
    "studio.batch_sheet": "upload",
    "studio.batch_state": "upload",
    "studio.cancel_processing": "studio_change",
    "studio.captions_status": "studio_look",
    "studio.create_batch": "contributors",
    "studio.create_lecture": "contributors",
    "studio.defaults": "defaults",
    "studio.delete_draft": "studio_change",
    "studio.desk": "contributors",
    "studio.edit_lecture": "studio_change",
    "studio.extras": "studio_change",
    "studio.import_good_rows": "upload",
    "studio.import_sheet": "upload",
    "studio.keep_draft": "studio_change",
    "studio.known_file": "studio_change",
    "studio.lecture": "studio_look",
    "studio.lecture_status": "studio_look",
    "studio.lectures": "contributors",
    "studio.new_lecture": "contributors",
    "studio.publish_lecture": "studio_change",
    "studio.remove_attachment": "studio_change",
    "studio.remove_caption": "studio_change",
    "studio.remove_cover": "studio_change",
    "studio.request_captions": "studio_change",
    "studio.retry_processing": "studio_change",
    "studio.save_batch_row": "upload",
    "studio.save_chapters": "studio_change",
    "studio.save_defaults": "defaults",
    "studio.save_lecture": "studio_change",
    "studio.set_co_owners": "studio_change",
    "studio.set_cover": "studio_change",
    "studio.split": "studio_change",
    "studio.split_lecture": "studio_change",
    "studio.unfinished": "contributors",
    "studio.upload": "upload",
    "studio.upload_options": "contributors",
    "studio.uploads": "contributors",
    "studio.use_known_file": "studio_change",
    "studio.withdraw_lecture": "studio_change",
    "studio.withdrawal": "studio_look",
    "web.about": "public",
    "web.accessibility": "public",
    "web.livez": "public",
    "web.preferences": "public",
    "web.save_preferences": "public",
    "web.styleguide": "public",
}

#: Things named in a form or a query instead of the address: endpoint -> gate.
BY_FORM: dict[str, str] = {
    "review.submission": "studio_change",
    "review.submit": "studio_change",
    "review.pass_many": "seat_one",
    "studio.uploads": "studio_change",
}
#: The same routes on what is on the shelf: everybody may look, and what may not be changed is refused, not hidden.
SHELVED: dict[str, str] = {
    "player.lecture": "public",
    "player.attachment": "public",
    "player.caption": "public",
    "player.media": "public",
    "player.download": "public",
    "api.lecture": "public",
    "studio.save_lecture": "studio_change",
    "studio.withdraw_lecture": "studio_shelved",
    "studio.publish_lecture": "studio_shelved",
    "studio.remove_caption": "studio_shelved",
    "review.discard": "studio_shelved",
    "review.recall": "studio_shelved",
}
