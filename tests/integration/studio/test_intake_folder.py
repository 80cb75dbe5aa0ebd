"""The scratch folder as keeper of unfinished uploads: the common contract."""

from __future__ import annotations

import pytest
from flask import Flask

from app.studio.intake import Intake
from app.studio.keepers import open_intake
from app.studio.parts import PartFolder
from tests.services.intake_contract import IntakeContract


@pytest.fixture
def intake(app: Flask) -> Intake:
    platform = app.extensions["platform"]
    keeper = open_intake(platform.storage, platform.settings.media)
    assert isinstance(keeper, PartFolder)
    return keeper


class TestFolder(IntakeContract):
    pass
