"""The shell alone: an app with nothing but app.web, rooms that only have addresses, and no database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from flask_babel import Babel
from flask_wtf import CSRFProtect
from jinja2 import BytecodeCache, StrictUndefined
from jinja2.bccache import Bucket

from app.kernel.actor import NOBODY, Actor
from app.web import access, assets, formats, preferences, views


@dataclass
class Site:
    name: str = "云端学习资源库"
    slogan: str = "网课送到家 微课到手机"
    operator_name: str = "省社区教育指导服务中心"
    contact_phone: str = "000-8888 0000"
    icp_number: str = "某ICP备00000000号-1"
    police_number: str = "某公网安备 00000000000000号"
    audiovisual_licence: str = ""


ROOMS = {
    "catalogue": {"home": "/", "browse": "/lectures", "search": "/search"},
    "studio": {"lectures": "/studio/"},
    "curation": {"desk": "/desk/playlists"},
    "accounts": {"sign_in": "/sign-in", "sign_out": "/sign-out"},
    "admin": {"overview": "/admin/"},
}


class SharedTemplates(BytecodeCache):
    """Compile each template once for all the apps of a test run."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = SharedTemplates()


@access.public
def empty_room() -> str:
    return "room"


def build_app(actor: Actor = NOBODY, **site_values: str) -> Flask:
    app = Flask("app", static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY="only for tests, thirty-two characters", STYLEGUIDE=True, TESTING=True, SESSION_COOKIE_SECURE=False
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.bytecode_cache = TEMPLATES
    CSRFProtect(app)
    Babel(app, locale_selector=preferences.locale)
    for helper in (assets, formats, preferences):
        helper.init_app(app)
    app.context_processor(lambda: {"site": Site(**site_values), "actor": actor})
    app.register_blueprint(views.create_blueprint())
    for room, pages in ROOMS.items():
        blueprint = Blueprint(room, __name__)
        for name, address in pages.items():
            blueprint.add_url_rule(address, endpoint=name, view_func=empty_room, methods=["GET", "POST"])
        app.register_blueprint(blueprint)
    return app


@pytest.fixture
def built_assets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stand in for the build, which unit tests must not need."""
    urls = {name: f"/static/{name}" for name in ("base.css", "base.js", "icons.svg", "favicon.svg", "styleguide.css")}
    monkeypatch.setattr(assets, "load_manifest", lambda _folder: urls)
    return urls


@pytest.fixture
def make_app(built_assets: dict[str, str]) -> Callable[..., Flask]:
    assert "base.css" in built_assets
    return build_app


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
