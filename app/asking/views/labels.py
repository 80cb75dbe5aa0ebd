"""Words of the pages of asking."""

from __future__ import annotations

from flask_babel import gettext as _

from app.asking.models import WishState
from app.library.queries import list_cities
from app.web import edge
from app.web.preferences import is_english


def city_options() -> list[tuple[str, str]]:
    """Return codes and names of the cities."""
    return [(city.code, city.name_en if is_english() else city.name_zh) for city in list_cities(edge.session())]


def state_words() -> dict[WishState, str]:
    """Name what becomes of wishes."""
    return {
        WishState.OPEN: _("还没有回应"), WishState.HAS_LECTURE: _("已有课程"), WishState.IN_MAKING: _("正在制作"),
        WishState.UNSUITABLE: _("不合适"),
    }
