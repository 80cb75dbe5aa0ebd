"""What every section of the settings is made of, and the sections about people: mail, notices, sign-in.

All other sections are in `settings`, which reads them from the environment.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator


def _absolute(value: object) -> object:
    return Path(value).expanduser().resolve() if isinstance(value, (str, Path)) else value


FolderPath = Annotated[Path, BeforeValidator(_absolute)]

#: As app.accounts.models.Role names them; a test keeps both in step.
_ROLES = frozenset({"contributor", "institution_admin", "reviewer", "curator", "officer", "operator"})


class Section(BaseModel):
    """Frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MailSection(Section):
    """MAIL_*: how mail leaves the house; without it pages offer nothing that needs mail."""

    kind: Literal["none", "folder", "smtp"] = "none"
    path: FolderPath = Field(Path("var/mail"), validate_default=True, description="Folder of .eml files")
    sender: str = Field(
        "library@localhost.localdomain", pattern=r"^[^\s@<>]+@[^\s@<>]+$", description="Address mail comes from"
    )
    host: str = ""
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_path: FolderPath | None = Field(None, description="Certificates to trust instead of the system's")
    user: str = ""
    password: SecretStr = SecretStr("")
    timeout_s: float = Field(20, gt=0, le=300)

    @model_validator(mode="after")
    def _complete(self) -> MailSection:
        if self.kind == "smtp" and not (self.host and "sender" in self.model_fields_set):
            message = "MAIL_KIND=smtp needs MAIL_HOST and MAIL_SENDER"
            raise ValueError(message)
        if self.user and self.security == "none":
            message = "MAIL_USER with MAIL_SECURITY=none would send its password in clear"
            raise ValueError(message)
        return self

    @property
    def is_configured(self) -> bool:
        """Tell whether mail can be sent at all."""
        return self.kind != "none"


class NoticesSection(Section):
    """NOTICES_*: when digests are sent and how long notices are kept."""

    digest_hour: int = Field(8, ge=5, le=12, description="Hour of Asia/Shanghai from which digests are sent")
    keep_days: int = Field(180, ge=7, le=3650)


class SigninSection(Section):
    """SIGNIN_*: second factors, and sign-in at other houses; what is not set is not offered."""

    totp_roles: str = Field("", description="Roles that need a code of the phone; production has its own")
    oidc_issuer: str = Field("", description="OpenID Connect issuer; its /.well-known/openid-configuration is read")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = "统一身份认证"
    cas_url: str = Field("", description="Address of the CAS server, up to and without /login")
    cas_name: str = "校园统一登录"
    timeout_s: float = Field(10, gt=0, le=60)

    @model_validator(mode="after")
    def _complete(self) -> SigninSection:
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret.get_secret_value()):
            message = "SIGNIN_OIDC_ISSUER needs SIGNIN_OIDC_CLIENT_ID and SIGNIN_OIDC_CLIENT_SECRET"
            raise ValueError(message)
        for address in filter(None, (self.oidc_issuer, self.cas_url)):
            if not re.match(r"https://[^/\s]|http://(?:127\.0\.0\.1|localhost)[:/]", address):
                message = "SIGNIN_OIDC_ISSUER and SIGNIN_CAS_URL begin with https:// (http:// only on this machine)"
                raise ValueError(message)
        unknown = self.second_factor_roles - _ROLES
        if unknown:
            message = f"SIGNIN_TOTP_ROLES: no such role: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        return self

    @property
    def second_factor_roles(self) -> frozenset[str]:
        """Return the roles whose people must give a code."""
        return frozenset(filter(None, (role.strip() for role in self.totp_roles.split(","))))
