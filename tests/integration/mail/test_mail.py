"""Outgoing mail against a mail server that answers, refuses, hangs up, and against a folder and nothing at all."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import select, update

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.mail.model import Letter, MailState, OutgoingMail
from app.kernel.mail.outgoing import forget_mail, hand_in
from config.settings import load
from tests.fixtures.app import build_app, make_environ, run_jobs
from tests.fixtures.smtp_server import MailServer, mail_server

LETTER = Letter("teacher@example.com", "《八段锦》退回修改", "请打开课程页看意见。", html="<p>请打开课程页看意见。</p>")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def made(tmp_path: Path, migrated_database: Path):
    """Return a function that builds an app with mail set one way or another."""

    def build(**changes: str) -> Flask:
        shutil.copy(migrated_database, tmp_path / "app.db")
        return build_app(load(make_environ(tmp_path, **changes)))

    return build


@pytest.fixture
def posting(made, server: MailServer) -> Flask:
    """An app that sends to the test's server."""
    return made(MAIL_KIND="smtp", MAIL_SENDER="library@example.org", MAIL_HOST="127.0.0.1",
                MAIL_PORT=str(server.port), MAIL_SECURITY="none", MAIL_TIMEOUT_S="5")  # fmt: skip


def post(app: Flask, letter: Letter = LETTER, key: str = "test:1") -> None:
    with app.app_context(), unit_of_work() as db:
        hand_in(db, letter, key=key)


def only_mail(app: Flask) -> OutgoingMail:
    with app.app_context(), reading() as db:
        return db.scalars(select(OutgoingMail)).one()


def make_due(app: Flask) -> None:
    """Let what waits for another attempt be tried at once."""
    with app.app_context(), unit_of_work() as db:
        db.execute(update(Job).where(Job.state == JobState.QUEUED).values(run_after=utc_now()))


def test_a_committed_letter_arrives_once_with_its_words(posting: Flask, server: MailServer):
    post(posting)
    post(posting, Letter("other@example.com", "again", "again"))  # the same key: the first one stands
    run_jobs(posting)

    [received] = server.received
    message = received.message
    assert (received.sender, received.recipients) == ("library@example.org", ["teacher@example.com"])
    assert message["Subject"] == "《八段锦》退回修改"
    assert message.get_body(("plain",)).get_content().strip() == LETTER.text
    assert message.get_body(("html",)).get_content().strip() == LETTER.html
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    mail = only_mail(posting)
    assert (mail.state, mail.text, mail.html) == (MailState.SENT, "", "")


def test_a_change_rolled_back_sends_nothing(posting: Flask, server: MailServer):
    def fail() -> None:
        with posting.app_context(), unit_of_work() as db:
            hand_in(db, LETTER, key="test:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    run_jobs(posting)

    assert server.connections == 0


def test_a_line_broken_after_the_last_byte_sends_the_same_mail_again(posting: Flask, server: MailServer):
    server.hangs_up_after_data = True
    post(posting)
    run_jobs(posting)
    assert only_mail(posting).state is MailState.WAITING
    server.hangs_up_after_data = False
    make_due(posting)
    run_jobs(posting)

    first, second = (received.message for received in server.received)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert first["Message-ID"].endswith("@example.org>")
    assert only_mail(posting).state is MailState.SENT


@pytest.mark.parametrize(
    ("answers", "job_state", "mail_state"),
    [
        ({"rcpt_answer": "550 no such person"}, JobState.FAILED, MailState.FAILED),
        ({"rcpt_answer": "450 greylisted"}, JobState.QUEUED, MailState.WAITING),
        ({"data_answer": "554 spam"}, JobState.FAILED, MailState.FAILED),
        ({"greeting": "421 too busy"}, JobState.QUEUED, MailState.WAITING),
    ],
)
def test_only_a_refusal_of_the_mail_itself_is_for_good(
    posting: Flask, server: MailServer, answers: dict[str, str], job_state: JobState, mail_state: MailState
):
    for name, line in answers.items():
        setattr(server, name, line)
    post(posting)
    run_jobs(posting)

    with posting.app_context(), reading() as db:
        assert db.scalars(select(Job.state).where(Job.kind == "send_mail")).one() is job_state
    assert only_mail(posting).state is mail_state


def test_a_failed_mail_is_sent_when_a_person_tries_again(posting: Flask, server: MailServer):
    server.rcpt_answer = "550 mailbox full"
    post(posting)
    run_jobs(posting)
    server.rcpt_answer = "250 fine"
    with posting.app_context(), unit_of_work() as db:
        queue.retry(db, db.scalars(select(Job.id)).one())
    run_jobs(posting)

    assert only_mail(posting).state is MailState.SENT
    assert server.received[-1].message.get_body(("plain",)).get_content().strip() == LETTER.text


def test_a_server_without_tls_gets_nothing_where_tls_is_asked(made, server: MailServer):
    app = made(MAIL_KIND="smtp", MAIL_SENDER="library@example.org", MAIL_HOST="127.0.0.1", MAIL_PORT=str(server.port),
               MAIL_USER="library", MAIL_PASSWORD="not in clear", MAIL_TIMEOUT_S="5")  # fmt: skip
    post(app)
    run_jobs(app)

    assert server.connections == 1
    assert server.received == []
    assert only_mail(app).state is MailState.WAITING


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for the loopback address that nobody but who is told of it trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the test")])
    now, address = utc_now(), x509.IPAddress(ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path, both = folder / "ca.pem", folder / "server.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    both.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return path, context


@pytest.mark.parametrize("is_trusted", [True, False])
def test_tls_is_spoken_with_whom_we_trust_and_the_password_inside_it(
    made, server: MailServer, tmp_path: Path, is_trusted: bool
):
    path, server.context = certificate(tmp_path)
    trust = {"MAIL_CA_PATH": str(path)} if is_trusted else {}
    app = made(MAIL_KIND="smtp", MAIL_SENDER="library@example.org", MAIL_HOST="127.0.0.1", MAIL_PORT=str(server.port),
               MAIL_USER="library", MAIL_PASSWORD="inside", MAIL_TIMEOUT_S="5", **trust)  # fmt: skip
    post(app)
    run_jobs(app)

    assert len(server.received) == len(server.signed_in) == int(is_trusted)
    assert only_mail(app).state is (MailState.SENT if is_trusted else MailState.WAITING)
    if is_trusted:
        assert server.signed_in == ["library inside"]


def test_what_is_too_late_is_not_sent(posting: Flask, server: MailServer):
    post(posting, Letter("a@example.com", "链接", "三十分钟内有效", expires_at=utc_now() - timedelta(seconds=1)))
    run_jobs(posting)

    assert server.connections == 0
    assert only_mail(posting).state is MailState.EXPIRED


def test_a_folder_gets_one_file_that_mail_programs_open(made, tmp_path: Path):
    app = made(MAIL_KIND="folder", MAIL_PATH=f"{tmp_path}/mail")
    letter = Letter("a@example.com", "通知", "有新的通知。", unsubscribe_url="https://example.org/notices/stop/abc")
    post(app, letter)
    run_jobs(app)

    [file] = (tmp_path / "mail").iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert file.suffix == ".eml"
    assert message["List-Unsubscribe"] == "<https://example.org/notices/stop/abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


def test_without_a_way_out_the_row_says_so_and_no_job_fails(made):
    app = made()
    post(app)
    run_jobs(app)

    mail = only_mail(app)
    assert (mail.state, mail.text) == (MailState.NOT_CONFIGURED, "")
    with app.app_context(), reading() as db:
        assert db.scalars(select(Job.state)).one() is JobState.SUCCEEDED


def test_old_mail_is_forgotten_and_waiting_mail_is_not(made):
    app = made()
    post(app)
    run_jobs(app)
    post(app, key="test:2")
    with app.app_context(), unit_of_work() as db:
        assert forget_mail(db, before=utc_now() + timedelta(days=1)) == 1
    assert only_mail(app).key == "test:2"
