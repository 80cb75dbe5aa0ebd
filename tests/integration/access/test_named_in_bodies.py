"""Things named in a form or a body instead of the address have gates as well; so has every level of a review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from tests.integration.access.expectations import BY_FORM, PEOPLE, SEATS, read_gates
from tests.integration.access.test_matrix import call
from tests.integration.access.things import WORLDS, House, Things
from tests.integration.studio.college import b64

JSON = {"Accept": "application/json"}
#: Refused for what was chosen, not for its shape: as good as 403.
REFUSED = {401: "L", 403: "-", 404: "0", 409: "-", 422: "-"}


def send_upload(client: FlaskClient, things: Things) -> str:
    metadata = f"filename {b64('a.mp4')},lecture {b64(str(things.draft['public_id']))}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": metadata, **JSON}
    return REFUSED.get(client.post("/studio/uploads", headers=headers).status_code, "+")


def create_lecture(client: FlaskClient, things: Things) -> str:
    fields = {"institution": things.institution, "title": "标题", "teacher": "老师", "resource_type": "micro_course",
              "licence": "cc_by"}  # fmt: skip
    return REFUSED.get(client.post("/studio/lectures/new", data=fields, headers=JSON).status_code, "+")


def create_batch(client: FlaskClient, things: Things) -> str:
    body = {"institution": things.institution, "key": "k" * 43, "files": [{"path": "a.mp4", "size": 9}]}
    return REFUSED.get(client.post("/studio/desk", json=body, headers=JSON).status_code, "+")


def issue_certificate(client: FlaskClient, things: Things) -> str:
    year = datetime.now(ZoneInfo("Asia/Shanghai")).year
    fields = {"contribution": f"{things.institution}:{year}", "key": "k" * 43}
    return REFUSED.get(client.post("/watching/certificates", data=fields, headers=JSON).status_code, "+")


def submit(client: FlaskClient, things: Things) -> str:
    return call(client, "POST", "/review/submission", lecture=things.draft["public_id"], signature="y")


ASKING: dict[str, Callable[[FlaskClient, Things], str]] = {
    "review.submission": lambda client, things: call(
        client, "GET", f"/review/submission?lecture={things.draft['public_id']}"
    ),
    "review.submit": submit,
    "review.pass_many": lambda client, things: call(client, "POST", "/review/pass", review=things.review, score="5"),
    "studio.uploads": send_upload,
    "studio.deletion": lambda client, things: call(
        client, "GET", f"/studio/deletion?lecture={things.draft['public_id']}"
    ),
    "studio.delete_drafts": lambda client, things: call(
        client, "POST", "/studio/deletion", lecture=things.draft["public_id"]
    ),
    "studio.create_lecture": create_lecture,
    "studio.create_batch": create_batch,
    "watching.issue_certificate": issue_certificate,
}


@pytest.mark.usefixtures("nothing_is_kept")
def test_things_named_in_a_form_have_gates(house: House, clients: dict[str, FlaskClient]) -> None:
    gates, wrong = read_gates(), []
    assert ASKING.keys() == BY_FORM.keys()
    for endpoint, gate in BY_FORM.items():
        for number, world in enumerate(WORLDS):
            for person in PEOPLE:
                found = ASKING[endpoint](clients[person], house.worlds[world])
                expected = gates[gate][person][number]
                # The batch asks for openings before it asks for the seat: whoever may see the case is told so.
                is_told = endpoint == "review.pass_many" and expected == "-" and found == "+"
                if found != expected and not is_told:
                    wrong.append((endpoint, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.usefixtures("nothing_is_kept")
@pytest.mark.parametrize("level", sorted(SEATS))
def test_every_level_has_its_own_seat(house: House, clients: dict[str, FlaskClient], level: int) -> None:
    gates, wrong = read_gates(), []
    for act in ("decision", "comments"):
        for number, world in enumerate(WORLDS):
            path = f"/review/cases/{house.worlds[world].reviews[level]}/{act}"
            for person in PEOPLE:
                found = call(clients[person], "POST", path, level=str(level))
                expected = gates[SEATS[level]][person][number]
                if found != expected:
                    wrong.append((act, person, world, expected, found))
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.usefixtures("nothing_is_kept")
def test_a_case_opens_its_own_media_alone(house: House, clients: dict[str, FlaskClient]) -> None:
    own, sibling = house.worlds["own"], house.worlds["sibling"]
    for person in ("reviewer", "admin", "officer", "operator"):
        for digest, expected in ((own.sent, "+"), (sibling.sent, "0"), (own.draft, "0"), (own.shelved, "0")):
            path = f"/review/cases/{own.review}/media/{digest['digest']}/master.m3u8"
            assert call(clients[person], "GET", path) == expected, (person, path)


@pytest.mark.usefixtures("nothing_is_kept")
def test_notices_are_their_persons_own(house: House, clients: dict[str, FlaskClient]) -> None:
    for person in PEOPLE[1:]:
        for other, notice_id in house.notices.items():
            expected = "+" if other == person else "0"
            assert call(clients[person], "GET", f"/notices/{notice_id}") == expected, (person, other)
            assert call(clients[person], "POST", f"/notices/{notice_id}/read") == expected, (person, other)


@pytest.mark.usefixtures("nothing_is_kept")
def test_who_may_not_send_an_upload_is_not_told_how_far_it_is(house: House, clients: dict[str, FlaskClient]) -> None:
    gates, wrong = read_gates(), []
    for number, world in enumerate(WORLDS):
        for person in PEOPLE:
            found = call(clients[person], "HEAD", f"/studio/uploads/{house.worlds[world].upload}")
            if found != gates["upload"][person][number]:
                wrong.append((person, world, gates["upload"][person][number], found))
    for person in PEOPLE:
        found = REFUSED.get(clients[person].options("/studio/uploads").status_code, "+")
        if found != gates["contributors"][person][0]:
            wrong.append((person, "options", gates["contributors"][person][0], found))
    assert wrong == [], "\n".join(map(str, wrong))
