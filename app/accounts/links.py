"""Links that change an account: for a new password and for an address; each good once, for a while."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.credentials import AccountLink, LinkPurpose
from app.accounts.events import AccountChanged
from app.accounts.letters import House, address_left_letter, confirm_letter, reset_letter
from app.accounts.models import LoginSession, Membership, Role, User
from app.accounts.services import normalise_login, token_hash
from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, NotPermitted, Withdrawn
from app.kernel.ids import new_token
from app.kernel.jobs import queue
from app.kernel.mail.address import ADDRESS_MAX, clean_address
from app.kernel.mail.outgoing import hand_in

log = structlog.get_logger(__name__)

RESET_KIND: Final = "send_reset_link"
RESET_LASTS: Final = timedelta(minutes=30)
CONFIRM_LASTS: Final = timedelta(hours=24)
#: Links a person is mailed within RESET_LASTS, whoever asks for them.
RESETS_MAX: Final = 3
#: Accounts that one address is mailed about.
ACCOUNTS_MAX: Final = 5


def ask_for_reset(db: Session, typed: str) -> None:
    """Have a link sent to whoever the typed name or address is; nobody learns here whether that is anybody.

    Looking up and writing is a job: the answer takes equally long for every name.
    """
    name = typed.strip()[:ADDRESS_MAX]
    key = hashlib.sha256(normalise_login(name).encode()).hexdigest()
    queue.enqueue(
        db, queue.NewJob(RESET_KIND, lane=queue.LANE_MAIL, key=f"{RESET_KIND}:{key}", payload={"typed": name})
    )


def send_reset(db: Session, house: House, typed: str) -> None:
    """Mail a link for each account of a name or confirmed address; unknown ones are passed over in silence."""
    name = normalise_login(typed)
    by_name = select(User).where(User.is_active.is_(True), User.mail_address.is_not(None))
    found = by_name.where(or_(User.login == name, func.lower(User.mail_address) == name)).order_by(User.id)
    recent = select(func.count(AccountLink.id)).where(
        AccountLink.user_id == User.id,
        AccountLink.purpose == LinkPurpose.RESET,
        AccountLink.given_by_id.is_(None),
        AccountLink.created_at > utc_now() - RESET_LASTS,
    )
    users = db.scalars(found.where(recent.scalar_subquery() < RESETS_MAX).limit(ACCOUNTS_MAX)).all()
    expires_at = utc_now() + RESET_LASTS
    for address in sorted({user.mail_address for user in users if user.mail_address}):
        links = [(user, _new_link(db, user, LinkPurpose.RESET, RESET_LASTS)) for user in users
                 if user.mail_address == address]  # fmt: skip
        letter = reset_letter(house, address, links, expires_at=expires_at)
        hand_in(db, letter, key=f"reset:{token_hash(links[0][1])}")
    log.info("reset_asked_for", found=len(users))


def give_reset_link(db: Session, actor: Actor, login: str) -> tuple[User, str]:
    """Make a link for a person without mail, to be handed over by their administrator or the operator.

    Returns:
        The person and the token, which is shown once.

    Raises:
        NotFound: nobody of that name whom the actor may help.
        NotPermitted: to anybody else.
    """
    user = db.scalars(select(User).where(User.login == normalise_login(login), User.is_active.is_(True))).first()
    if not (actor.is_operator or actor.institution_ids("institution_admin")):
        raise NotPermitted
    if user is None or not _may_help(db, actor, user):
        sentence = "本单位没有这个账号；在几个单位任职的人，请找平台管理员。"
        raise NotFound(sentence, code="nobody_to_help", login=login)
    log.info("reset_link_given", user_id=user.id, actor_id=actor.user_id)
    return user, _new_link(db, user, LinkPurpose.RESET, RESET_LASTS, given_by_id=actor.user_id)


def _may_help(db: Session, actor: Actor, user: User) -> bool:
    """Administrators help people who hold roles at their institution and nowhere else: a link is the whole account."""
    if actor.is_operator:
        return True
    held = db.execute(
        select(Membership.role, Membership.institution_id).where(
            Membership.user_id == user.id, Membership.ended_at.is_(None)
        )
    ).all()
    mine = actor.institution_ids("institution_admin")
    return bool(held) and all(place in mine and role is not Role.OPERATOR for role, place in held)


def find_reset(db: Session, token: str) -> User:
    """Return whose password a link sets, without using it.

    Raises:
        Withdrawn: used, too old, or never ours.
    """
    link = _live(db, token, LinkPurpose.RESET)
    user = db.get(User, link.user_id)
    if user is None or not user.is_active:
        raise _gone()
    return user


def use_reset(db: Session, token: str, *, new: str) -> User:
    """Set a new password by a link, end all sessions, and void what other links there are.

    Raises:
        InvalidInput: `password`, and the link stays good.
        Withdrawn: used, too old, or never ours.
    """
    user = find_reset(db, token)
    hashed = passwords.hash_password(new)
    _use(db, token, LinkPurpose.RESET)
    now = utc_now()
    user.password_hash, user.password_changed_at = hashed, now
    others = update(AccountLink).where(AccountLink.user_id == user.id, AccountLink.purpose == LinkPurpose.RESET)
    db.execute(others.where(AccountLink.used_at.is_(None)).values(used_at=now))
    end_sessions(db, user.id)
    outbox.emit(db, AccountChanged(user.id, "password"))
    log.info("password_reset", user_id=user.id)
    return user


def end_sessions(db: Session, user_id: int, *, but_token: str = "") -> None:
    """Sign a person out everywhere, or everywhere else."""
    live = update(LoginSession).where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
    if but_token:
        live = live.where(LoginSession.token_hash != token_hash(but_token))
    db.execute(live.values(revoked_at=utc_now()))


def ask_to_confirm(db: Session, house: House, actor: Actor, *, address: str, password: str) -> str:
    """Send a link to an address a person says is theirs; it counts when the link is opened.

    Raises:
        InvalidInput: `mail_address`, `password`.
    """
    user = checked_user(db, actor, password)
    cleaned = clean_address(address)
    token = _new_link(db, user, LinkPurpose.CONFIRM_MAIL, CONFIRM_LASTS, mail_address=cleaned)
    letter = confirm_letter(house, user, cleaned, token, expires_at=utc_now() + CONFIRM_LASTS)
    hand_in(db, letter, key=f"confirm:{token_hash(token)}")
    return cleaned


def find_confirmation(db: Session, token: str) -> str:
    """Return the address a link confirms, without using it."""
    return _live(db, token, LinkPurpose.CONFIRM_MAIL).mail_address or ""


def confirm_address(db: Session, house: House, token: str) -> User:
    """Take an address as a person's own; the one before is told.

    Raises:
        Withdrawn: used, too old, or never ours.
    """
    link = _use(db, token, LinkPurpose.CONFIRM_MAIL)
    user = db.get(User, link.user_id)
    if user is None or not user.is_active:
        raise _gone()
    _leave_address(db, house, user, unless=link.mail_address)
    user.mail_address = link.mail_address
    outbox.emit(db, AccountChanged(user.id, "mail"))
    return user


def remove_address(db: Session, house: House, actor: Actor, *, password: str) -> None:
    """Send a person no mail any more.

    Raises:
        InvalidInput: `password`.
    """
    user = checked_user(db, actor, password)
    _leave_address(db, house, user, unless=None)
    user.mail_address = None


def _leave_address(db: Session, house: House, user: User, *, unless: str | None) -> None:
    if user.mail_address and user.mail_address != unless:
        letter = address_left_letter(house, user, user.mail_address)
        hand_in(db, letter, key=f"left:{user.id}:{new_token()[:20]}")


def checked_user(db: Session, actor: Actor, password: str) -> User:
    """Return the actor's row when the password is theirs: a browser left open must not be enough.

    Raises:
        InvalidInput: `password`.
    """
    user = db.get(User, actor.user_id)
    if user is None:
        raise NotFound(user_id=actor.user_id)
    if not passwords.verify(user.password_hash, password):
        raise InvalidInput("密码不对。", code="wrong_password", fields={"password": "密码不对。"})
    return user


def _new_link(
    db: Session, user: User, purpose: LinkPurpose, lasts: timedelta, *, mail_address: str | None = None,
    given_by_id: int | None = None,
) -> str:  # fmt: skip
    token, now = new_token(), utc_now()
    link = AccountLink(
        user_id=user.id, purpose=purpose, token_hash=token_hash(token), mail_address=mail_address,
        given_by_id=given_by_id, created_at=now, expires_at=now + lasts,
    )  # fmt: skip
    db.add(link)
    return token


def _live(db: Session, token: str, purpose: LinkPurpose) -> AccountLink:
    link = db.scalars(
        select(AccountLink).where(
            AccountLink.token_hash == token_hash(token), AccountLink.purpose == purpose,
            AccountLink.used_at.is_(None), AccountLink.expires_at > utc_now(),
        )
    ).first()  # fmt: skip
    if link is None:
        raise _gone()
    return link


def _use(db: Session, token: str, purpose: LinkPurpose) -> AccountLink:
    """Use a link up: of two at the same moment the database lets one through."""
    now = utc_now()
    link = db.scalars(
        update(AccountLink)
        .where(AccountLink.token_hash == token_hash(token), AccountLink.purpose == purpose,
               AccountLink.used_at.is_(None), AccountLink.expires_at > now)
        .values(used_at=now)
        .returning(AccountLink)
        .execution_options(populate_existing=True)
    ).first()  # fmt: skip
    if link is None:
        raise _gone()
    return link


def _gone() -> Withdrawn:
    return Withdrawn("这个链接已经用过或者过了时间，请重新申请。", code="link_gone")


def forget_old_links(db: Session) -> None:
    """Delete links that ended a month ago."""
    db.execute(delete(AccountLink).where(AccountLink.expires_at < utc_now() - timedelta(days=30)))
