"""Letters about joining, in the language of whoever acts: an invitation, and that an application moved.

A letter about an application carries no receipt: we keep only its hash.
"""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.joining.models import Application, ApplicationState, Invitation
from app.joining.places import Place
from app.kernel.mail.model import Letter
from app.kernel.mail.outgoing import hand_in


def send_invitation(db: Session, invitation: Invitation, place: Place, *, link: str, site_name: str) -> None:
    """Hand in a letter with the link, once for an invitation; none without an address."""
    if not invitation.email:
        return
    names = {"who": invitation.created_by_name, "place": place.name, "site": site_name}
    text = "\n\n".join([
        _("%(name)s，您好：", name=invitation.person_name),
        _("%(who)s邀请您加入%(place)s在%(site)s的工作，请打开链接设置自己的账号：", **names),
        link,
        _("链接只能用一次，%(days)s 天内有效，请不要转给别人。不认识邀请人，不用理会这封信。", days=_days(invitation)),
    ])  # fmt: skip
    subject = _("%(site)s：邀请您加入%(place)s", **names)
    letter = Letter(invitation.email, subject, f"{text}\n", expires_at=invitation.expires_at)
    hand_in(db, letter, key=f"invitation:{invitation.public_id}")


def _days(invitation: Invitation) -> int:
    return (invitation.expires_at - invitation.created_at).days


def send_news(db: Session, application: Application, *, page: str, site_name: str) -> None:
    """Tell the applicant that an officer asked or decided something; no letter without an address."""
    words = {
        ApplicationState.QUESTIONED: _("审核人有问题要问您"),
        ApplicationState.ACCEPTED: _("申请已经通过"),
        ApplicationState.REFUSED: _("申请没有通过，理由在申请页上"),
    }.get(application.state)
    if words is None or not application.person_email:
        return
    text = "\n\n".join([
        _("%(name)s，您好：", name=application.person_name),
        _("%(place)s在%(site)s的入驻申请有了新情况：%(news)s。", place=application.name, site=site_name, news=words),
        _("请打开申请页，输入受理码查看："),
        page,
    ])  # fmt: skip
    letter = Letter(application.person_email, _("%(site)s：入驻申请有了新情况", site=site_name), f"{text}\n")
    hand_in(db, letter, key=f"application:{application.public_id}:{application.version}")
