"""Wiring only: settings in, app out. The one place that knows every capability."""

from __future__ import annotations

import shutil
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

import structlog
from flask import Flask, request
from flask_babel import Babel
from flask_compress import Compress
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_talisman import Talisman
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import media_pipeline
from app.accounts import jobs as accounts_jobs
from app.accounts import login
from app.accounts import views as accounts_views
from app.accounts.letters import House
from app.admin import cli as admin_cli
from app.admin import views as admin_views
from app.api import rest
from app.asking import jobs as asking_jobs
from app.asking import views as asking_views
from app.asking.views import counting
from app.catalogue import jobs as catalogue_jobs
from app.catalogue import views as catalogue_views
from app.catalogue.playlists import public_titles
from app.curation import views as curation_views
from app.curation.events import PlaylistChanged, PlaylistPublished, PlaylistWithdrawn
from app.demo import cli as demo_cli
from app.green_channel import jobs as green_channel_jobs
from app.green_channel import views as green_channel_views
from app.joining import jobs as joining_jobs
from app.joining import views as joining_views
from app.kernel.db import db
from app.kernel.jobs import queue
from app.kernel.jobs.celery_engine import make_waker
from app.kernel.jobs.doorbell import make_ringer
from app.kernel.jobs.engine import JobRunner
from app.kernel.mail import jobs as mail_jobs
from app.kernel.mail.message import Sender
from app.kernel.mail.posts import open_post
from app.kernel.outbox import Subscriptions
from app.kernel.platform import Platform
from app.kernel.storage import open_storage
from app.media import jobs as media_jobs
from app.media.retention import Retention
from app.media.sweeping import Interests
from app.media.workshop import MediaWorkshop, probe_limits, run_limits
from app.notices import jobs as notices_jobs
from app.notices import listeners as notices_listeners
from app.notices import views as notices_views
from app.player import views as player_views
from app.review import views as review_views
from app.review.rules import bad_among
from app.review.snapshots import keys_under_review, sources_under_review
from app.studio import cli as studio_cli
from app.studio import jobs as studio_jobs
from app.studio import machine_captions
from app.studio import views as studio_views
from app.watching import cli as watching_cli
from app.watching import jobs as watching_jobs
from app.watching import views as watching_views
from app.web import access, assets, edge, formats, http_errors, preferences, speech
from app.web import views as web_views
from config import log
from config.policies import read_ladder
from config.settings import Settings

#: Everything comes from ourselves; players need blob: for Media Source Extensions and hls.js's worker.
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": ["'self'", "data:", "blob:"],
    "media-src": ["'self'", "blob:"],
    "worker-src": ["'self'", "blob:"],
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def create_app(settings: Settings) -> Flask:
    """Build the web application; touches neither database nor store until a request or command does."""
    log.configure(settings.app)
    app = edge.LearningLibrary(__name__, static_folder=None, template_folder=None)
    _configure(app, settings)
    _attach_extensions(app, settings)
    app.extensions["platform"] = _build_platform(app, settings)
    edge.init_app(app)
    http_errors.init_app(app)
    for helper in (assets, formats, preferences, speech):
        helper.init_app(app)
    app.context_processor(lambda: {"site": settings.site})
    if settings.app.env == "production" and not settings.signin.second_factor_roles:
        structlog.get_logger(__name__).warning("second_factor_off", setting="SIGNIN_TOTP_ROLES")
    counting.init_app(app, settings.app.secret_key.get_secret_value(), public_titles)
    _register_rooms(app, settings)
    access.require_rules(app)
    _serve_static(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.app.secret_key.get_secret_value(),
        SQLALCHEMY_DATABASE_URI=settings.database.url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": not settings.database.url.startswith("sqlite")},
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.web.secure_cookies,
        SESSION_COOKIE_NAME="session",
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.web.session_days),
        # Only what changed a session sends it: a picture answered late must not bring back the cookie of before.
        SESSION_REFRESH_EACH_REQUEST=False,
        REMEMBER_COOKIE_DURATION=timedelta(0),
        # Forms only: uploads stream past this limit in their own view (studio.uploads), against MAX_UPLOAD.
        MAX_CONTENT_LENGTH=4 * 1024**2,
        MAX_FORM_MEMORY_SIZE=4 * 1024**2,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a teacher may leave a form open over lunch
        WTF_I18N_ENABLED=True,
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        STYLEGUIDE=settings.app.styleguide,
        # Text only: media are compressed already and need their ranges.
        COMPRESS_MIMETYPES=["text/html", "text/vtt", "application/json", "application/problem+json", "image/svg+xml"],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_STREAMS=False,
        RATELIMIT_STORAGE_URI=settings.web.rate_limit_storage,
        RATELIMIT_HEADERS_ENABLED=False,
        TEMPLATES_AUTO_RELOAD=settings.app.env == "development",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _attach_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    Migrate(app, db, directory="app/migrations", render_as_batch=True, compare_type=True)
    access.ProgramAwareCsrf(app)
    Compress(app)
    login.init_app(app)
    Babel(app, locale_selector=preferences.locale, default_translation_directories="translations")
    Talisman(
        app,
        content_security_policy=CONTENT_SECURITY_POLICY,
        force_https=False,  # the proxy in front redirects; `make run` is plain HTTP on loopback
        strict_transport_security=settings.web.secure_cookies,
        session_cookie_secure=settings.web.secure_cookies,
        frame_options="DENY",
        referrer_policy="same-origin",
        permissions_policy={"geolocation": "()", "camera": "()", "microphone": "()"},
    )


def _build_platform(app: Flask, settings: Settings) -> Platform:
    storage = open_storage(settings.store)
    subscriptions = Subscriptions()
    green_channel_jobs.subscribe(subscriptions)  # first: what the index is told carries the badge as it is now
    catalogue_jobs.subscribe(subscriptions)
    subscriptions.listen(PlaylistPublished, catalogue_jobs.note_playlist)
    subscriptions.listen(PlaylistChanged, catalogue_jobs.note_playlist)
    subscriptions.listen(PlaylistWithdrawn, catalogue_jobs.note_playlist)
    head = notices_jobs.make_letterhead(settings)
    notices_listeners.subscribe(subscriptions, head)
    work_path, min_free_bytes = settings.media.work_path, settings.media.min_free_bytes
    runner = JobRunner(
        app.app_context, work_path, settings.jobs.lease_s, has_room=partial(_has_room, work_path, min_free_bytes)
    )

    @cache
    def tools() -> media_pipeline.Tools:
        return media_pipeline.find_tools(settings.media.ffmpeg_bin or None)

    policy = media_pipeline.parse_policy(read_ladder())
    workshop = MediaWorkshop(storage, tools, policy, run_limits(settings.media), probe_limits(settings.media))
    for kind in (
        *media_jobs.job_kinds(workshop, Interests([keys_under_review], [sources_under_review], _retention(settings))),
        *green_channel_jobs.job_kinds(storage),
        *studio_jobs.job_kinds(storage, settings.media),
        *joining_jobs.job_kinds(storage),
        machine_captions.job_kind(storage, settings.speech),
        accounts_jobs.job_kind(House(settings.app.base_url, settings.site.name)),
        notices_jobs.job_kind(head, settings.notices),
        mail_jobs.job_kind(open_post(settings.mail), Sender(settings.site.name, settings.mail.sender)),
        watching_jobs.job_kind(),
        asking_jobs.job_kind(settings.search.index_path, bad_among),
    ):
        runner.register(kind)
    is_embedded = settings.jobs.engine == "embedded"
    wake = make_ringer(settings.media.work_path) if is_embedded else make_waker(settings.jobs)
    return Platform(settings, storage, subscriptions, runner, wake)


def _retention(settings: Settings) -> Retention:
    return Retention(settings.media.versions_kept, timedelta(days=settings.media.versions_days))


def _has_room(work_path: Path, min_free_bytes: int, lane: str) -> bool:
    """Return whether this machine may take work of a lane: what fills its scratch disk waits while that is full."""
    if lane not in {queue.LANE_MEDIA, queue.LANE_ANALYSIS} or not work_path.exists():
        return True
    return shutil.disk_usage(work_path).free >= min_free_bytes


def _register_rooms(app: Flask, settings: Settings) -> None:
    limiter = Limiter(_remote_address, app=app)
    blueprints = [
        web_views.create_blueprint(),
        accounts_views.create_blueprint(limiter, settings),
        asking_views.create_blueprint(limiter, settings.search.index_path, bad_among),
        catalogue_views.create_blueprint(settings.search.index_path),
        player_views.create_blueprint(),
        curation_views.create_blueprint(settings.search.index_path),
        review_views.create_blueprint(),
        notices_views.create_blueprint(notices_jobs.make_letterhead(settings)),
        green_channel_views.create_blueprint(),
        watching_views.create_blueprint(limiter),
        studio_views.create_blueprint(settings.media, settings.store, app.extensions["platform"].storage),
        *joining_views.create_blueprints(
            limiter, begin_limit=settings.web.join_limit, guess_limit=settings.web.sign_in_limit
        ),
        admin_views.create_blueprint(),
        rest.create_blueprint(),
    ]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    for commands in (*admin_cli.groups(), *demo_cli.groups(), *studio_cli.groups(), *watching_cli.groups()):
        app.cli.add_command(commands)


def _remote_address() -> str:
    return request.remote_addr or "unknown"


def _serve_static(app: Flask, settings: Settings) -> None:
    if settings.app.trusted_proxies:
        count = settings.app.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=assets.DIST_FOLDER,
        prefix=assets.STATIC_URL_PATH,
        # Names carry a hash of the content, so they may be kept for ever.
        immutable_file_test=lambda _path, url: not url.endswith("manifest.json"),
        autorefresh=settings.app.env == "development",
    )
