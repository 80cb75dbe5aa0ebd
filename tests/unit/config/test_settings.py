"""Settings: every bad value is listed at once, nothing secret is shown, every variable is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import SettingsError, environment_names, load

GOOD = {"APP_SECRET_KEY": "k" * 40, "DATABASE_URL": "sqlite:////tmp/x.db"}
DOCS = Path(__file__).parents[3] / "docs" / "operations.md"


def test_smallest_environment_is_enough():
    settings = load(GOOD)

    assert settings.store.kind == "folder"
    assert settings.jobs.engine == "embedded"
    assert settings.media.max_upload_bytes == 8 * 1024**3


@pytest.mark.parametrize(("environ", "roles"), [
    ({}, {"reviewer", "officer", "operator"}),
    ({"SIGNIN_TOTP_ROLES": "operator"}, {"operator"}),
    ({"SIGNIN_TOTP_ROLES": ""}, set()),
    ({"APP_ENV": "development"}, set()),
])  # fmt: skip
def test_in_production_a_password_alone_is_not_enough_for_people_with_power(environ: dict[str, str], roles: set[str]):
    assert load({**GOOD, **environ}).signin.second_factor_roles == roles


def test_every_bad_value_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        load(
            {
                "APP_SECRET_KEY": "short",
                "DATABASE_URL": "mysql://x",
                "STORE_KIND": "s3",
                "JOBS_ENGINE": "celery",
                "MAX_UPLOAD": "lots",
                "STORE_PAHT": "/x",
            }
        )

    text = "\n".join(caught.value.problems)
    for name in ("APP_SECRET_KEY", "DATABASE_URL", "STORE", "JOBS", "MAX_UPLOAD", "STORE_PAHT"):
        assert name in text, name


def test_secrets_do_not_appear_in_errors_or_in_repr():
    secret = "s3cr3t-" * 8
    with pytest.raises(SettingsError) as caught:
        load({**GOOD, "APP_SECRET_KEY": secret, "STORE_KIND": "nonsense"})

    assert secret not in str(caught.value)
    assert secret not in repr(load({**GOOD, "APP_SECRET_KEY": secret}))


def test_sizes_are_read_with_units():
    assert load({**GOOD, "MAX_UPLOAD": "4GiB"}).media.max_upload_bytes == 4 * 1024**3


@pytest.mark.parametrize("name", sorted(name for name, _, _ in environment_names()))
def test_every_setting_is_documented(name: str):
    assert f"`{name}`" in DOCS.read_text(encoding="utf-8")
