"""The environment read once into frozen, typed sections; every bad value is listed at once.

Each section's fields come from environment variables named SECTION_FIELD (see `environment_names`, which the
documentation test reads too). Nothing here looks at the process environment by itself: callers pass a mapping.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from config.sections import FolderPath, MailSection, NoticesSection, SigninSection
from config.sections import Section as _Section

Environment = Literal["development", "test", "production"]

#: Pydantic's ByteSize reads "8GiB"; the plain int keeps arithmetic and logs simple.
Bytes = Annotated[ByteSize, Field(gt=0)]


#: Settings that people know by a name of their own instead of SECTION_FIELD.
WELL_KNOWN = {("media", "max_upload_bytes"): "MAX_UPLOAD", ("media", "ffmpeg_bin"): "FFMPEG_BIN"}


#: Who decides what residents see, and who may do everything: a stolen password alone must not be enough.
TOTP_ROLES_IN_PRODUCTION = "reviewer,officer,operator"


class SettingsError(ValueError):
    """One or more settings are wrong; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("Settings are wrong:\n" + "\n".join(f"  - {problem}" for problem in problems))


class RuntimeSection(_Section):
    """APP_*: who we are and how strict to be."""

    env: Environment = "production"
    secret_key: SecretStr = Field(min_length=32, description="Signs sessions and CSRF tokens; no default on purpose")
    base_url: str = Field("http://127.0.0.1:8000", pattern=r"^https?://[^/\s]+$", description="Printed in QR codes")
    styleguide: bool = Field(default=False, description="Serve /styleguide")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = Field(default=True, description="One JSON object a line; false prints for people")
    trusted_proxies: int = Field(0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-* we believe")


class DatabaseSection(_Section):
    """DATABASE_*: SQLite file or PostgreSQL."""

    url: str = Field(pattern=r"^(sqlite:///|postgresql\+psycopg://)", description="SQLAlchemy URL")


class StoreSection(_Section):
    """STORE_*: where sources and renditions are kept."""

    kind: Literal["folder", "s3"] = "folder"
    path: FolderPath = Field(Path("var/store"), validate_default=True, description="Root of the folder store")
    quota_bytes: Bytes | None = Field(None, description="Refuse writes past this many bytes (folder store)")
    endpoint: str = Field("", description="host:port of the S3 service")
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")
    bucket: str = Field("learning-library", pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$")
    secure: bool = Field(default=True, description="Speak TLS to the S3 service")
    region: str = "us-east-1"

    @model_validator(mode="after")
    def _complete(self) -> StoreSection:
        if self.kind == "s3" and not (self.endpoint and self.access_key and self.secret_key.get_secret_value()):
            message = "STORE_KIND=s3 needs STORE_ENDPOINT, STORE_ACCESS_KEY and STORE_SECRET_KEY"
            raise ValueError(message)
        return self


class JobsSection(_Section):
    """JOBS_*: who wakes the workers; the jobs table is the truth in both engines."""

    engine: Literal["embedded", "celery"] = "embedded"
    broker_url: str = Field("", description="redis://… or amqp://… for JOBS_ENGINE=celery")
    lease_s: float = Field(60, ge=2, le=3600, description="A worker silent for this long loses its job")
    poll_s: float = Field(1.0, gt=0, le=60, description="How often an idle embedded lane looks for work")
    media_slots: int = Field(
        default_factory=lambda: max(1, len(os.sched_getaffinity(0))),
        ge=1,
        le=64,
        description="Chunks one worker encodes at once; by itself as many as it has processors",
    )

    @model_validator(mode="after")
    def _complete(self) -> JobsSection:
        if self.engine == "celery" and not self.broker_url:
            message = "JOBS_ENGINE=celery needs JOBS_BROKER_URL"
            raise ValueError(message)
        return self


class SearchSection(_Section):
    """SEARCH_*: the index is a cache of the database."""

    index_path: FolderPath = Field(Path("var/index"), validate_default=True)
    engine: Literal["whoosh", "tantivy"] = "whoosh"


class MediaSection(_Section):
    """MEDIA_*: uploads, scratch space and ffmpeg."""

    ffmpeg_bin: str = Field("", description="Path of ffmpeg; empty looks on PATH, then in the imageio-ffmpeg wheel")
    work_path: FolderPath = Field(
        Path("var/work"), validate_default=True, description="Scratch space of uploads and encodes"
    )
    max_upload_bytes: Bytes = Field(ByteSize(8 * 1024**3), description="Largest source accepted")
    min_free_bytes: Bytes = Field(ByteSize(512 * 1024**2), description="Scratch space left alone; less is 'disk full'")
    encode_memory_bytes: Bytes = Field(ByteSize(6 * 1024**3), description="Memory one encoding process may take")
    encode_scratch_bytes: Bytes = Field(ByteSize(32 * 1024**3), description="Scratch space such a process may fill")
    probe_memory_bytes: Bytes = Field(ByteSize(2 * 1024**3), description="Memory looking at an upload may take")
    upload_expires_h: float = Field(14 * 24, gt=0, description="An upload untouched for this long is swept")
    open_uploads_per_user: int = Field(400, ge=1, description="Uploads one person may have on their way")
    open_uploads_per_institution: int = Field(2000, ge=1, description="Uploads one institution may have on their way")
    uploads_per_hour: int = Field(3000, ge=1, description="Uploads one person may begin in an hour")
    versions_kept: int = Field(5, ge=0, le=1000, description="Replaced files of a lecture whose masters stay with it")
    versions_days: float = Field(30, ge=1, le=36500, description="The master of every replaced file stays this long")


class SpeechSection(_Section):
    """SPEECH_*: captions made from speech, with an engine and a model the operator installed."""

    engine: Literal["none", "faster_whisper", "sherpa_onnx"] = "none"
    model_path: FolderPath | None = Field(None, description="Folder of the engine's model; never downloaded")

    @model_validator(mode="after")
    def _complete(self) -> SpeechSection:
        if self.engine != "none" and self.model_path is None:
            message = "SPEECH_ENGINE needs SPEECH_MODEL_PATH"
            raise ValueError(message)
        return self


class WebSection(_Section):
    """WEB_*: sign-in and sessions."""

    rate_limit_storage: str = Field("memory://", description="Flask-Limiter storage; redis://… for several processes")
    sign_in_limit: str = Field("10 per 15 minutes", description="Failed sign-ins per account name and address")
    join_limit: str = Field("10 per hour", description="Applications to join begun from one address")
    reset_limit: str = Field("5 per hour", description="Mails with a link for a new password, per name and address")
    session_days: float = Field(14, gt=0, le=90)
    secure_cookies: bool = True


class SiteSection(_Section):
    """SITE_*: what the law and trust ask every page to say (DOMAIN: filing numbers, operator, contact)."""

    name: str = "云端学习资源库"
    slogan: str = "网课送到家 微课到手机"
    operator_name: str = "社区教育指导服务中心"
    contact_phone: str = ""
    icp_number: str = ""
    police_number: str = ""
    audiovisual_licence: str = ""


class Settings(_Section):
    """All sections; made by `load`, handed down, never global."""

    app: RuntimeSection
    database: DatabaseSection
    store: StoreSection
    jobs: JobsSection
    search: SearchSection
    media: MediaSection
    speech: SpeechSection
    mail: MailSection
    notices: NoticesSection
    web: WebSection
    signin: SigninSection
    site: SiteSection


def environment_names() -> Iterator[tuple[str, str, str]]:
    """Yield (variable, section, field) for every setting there is."""
    for section, info in Settings.model_fields.items():
        model = info.annotation
        assert isinstance(model, type), "every section is a model class"
        assert issubclass(model, BaseModel), "every section is a model class"
        for field in model.model_fields:
            yield variable_name(section, field), section, field


def variable_name(section: str, field: str = "") -> str:
    """Return the environment variable of a setting (or the common prefix of a whole section)."""
    return WELL_KNOWN.get((section, field)) or "_".join(part for part in (section, field) if part).upper()


def load(environ: Mapping[str, str]) -> Settings:
    """Build the settings from `environ`.

    Raises:
        SettingsError: with a sentence for every missing, malformed or misspelt variable.
    """
    sections: dict[str, dict[str, str]] = {name: {} for name in Settings.model_fields}
    known = set()
    for variable, section, field in environment_names():
        known.add(variable)
        if variable in environ:
            sections[section][field] = environ[variable]
    if environ.get(variable_name("app", "env"), "production") == "production":
        sections["signin"].setdefault("totp_roles", TOTP_ROLES_IN_PRODUCTION)
    problems = [f"{name}: no such setting" for name in sorted(environ) if _looks_like_ours(name) and name not in known]
    try:
        settings = Settings.model_validate(sections)
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            variable = variable_name(*(str(part) for part in item["loc"][:2]))
            problems.append(f"{variable}: {item['msg']}")
        raise SettingsError(problems) from error
    if problems:
        raise SettingsError(problems)
    return settings


def _looks_like_ours(name: str) -> bool:
    prefix = name.partition("_")[0].lower()
    # WEB_CONCURRENCY is gunicorn's own; APP_/DATABASE_ prefixes are ours alone.
    return name != "WEB_CONCURRENCY" and "_" in name and prefix in Settings.model_fields
