"""What every test may ask for: fixtures by topic, one plugin module each."""

from __future__ import annotations

import pytest

# Modules of checks shared by several test files explain their failed asserts as test files do.
pytest.register_assert_rewrite(
    "tests.services.storage_contract", "tests.services.copy_contract", "tests.integration.resilience.inventory"
)

pytest_plugins = [
    "tests.fixtures.quick",  # work that is the same for every application is done once
    "tests.fixtures.services",  # PostgreSQL, Redis, S3, really started
    "tests.fixtures.app",  # an embedded application, its database, people and things
    "tests.fixtures.chromium",  # one Chromium for all browser tests
    "tests.fixtures.stack",  # the whole product as processes, embedded and scaled
]
