"""Pages for everybody: what the green channel promises, the register (also as files), one opening."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalogue.cards import present_cards
from app.green_channel import register as openings
from app.green_channel.periods import first_day, read_day
from app.green_channel.promises import Promise
from app.green_channel.register import RegisterRow, Wanted, When
from app.green_channel.sheet import write_csv, write_xlsx
from app.green_channel.views import words
from app.kernel.clock import utc_now
from app.library.queries import list_cities, list_current_terms, list_terms
from app.web import access, edge
from app.web.formats import local_date

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAMES = ("region", "institution", "audience", "topic")


def register(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.get("/", endpoint="about")(about)
    blueprint.get("/register", endpoint="register")(show_register)
    blueprint.get("/register.xlsx", endpoint="register_xlsx")(register_xlsx)
    blueprint.get("/register.csv", endpoint="register_csv")(register_csv)
    blueprint.get("/openings/<public_id>", endpoint="opening")(opening)


@access.public
def about() -> ResponseReturnValue:
    """Say what the badge promises, and that the system checks it."""
    names, meanings = words.promise_names(), words.promise_meanings()
    total = openings.list_register(edge.session(), Wanted(), limit=1).total
    promises = [(each, names[each], meanings[each]) for each in Promise]
    return render_template("green_channel/about.html", promises=promises, total=total)


@access.public
def show_register() -> ResponseReturnValue:
    """List the grants looked for."""
    db, wanted, after = edge.session(), read_wanted(), request.args.get("after", "")[:20]
    page = openings.list_register(db, wanted, after=after)
    return render_template(
        "green_channel/register.html", page=page, wanted=wanted, words=words, has_former=bool(after),
        options=_options(), chosen=_chosen(wanted), first_url=address("green_channel.register", wanted),
        next_url=address("green_channel.register", wanted, after=page.next_after) if page.next_after else "",
        clear_url=url_for("green_channel.register"), xlsx_url=address("green_channel.register_xlsx", wanted),
        csv_url=address("green_channel.register_csv", wanted),
    )  # fmt: skip


@access.public
def opening(public_id: str) -> ResponseReturnValue:
    """Show one grant with its public lectures."""
    page = openings.get_opening(edge.session(), public_id)
    licences = {term.key: words.label_of(term) for term in list_terms(edge.session()) if term.scheme == "licence"}
    return render_template(
        "green_channel/opening.html", page=page, grant=page.row.grant, words=words, cards=present_cards(page.cards),
        licence=licences.get(page.row.grant.licence, page.row.grant.licence),
    )  # fmt: skip


@access.public
def register_xlsx() -> ResponseReturnValue:
    """Give the grants looked for as a workbook."""
    lines, head, widths = _lines()
    return _file(write_xlsx(_("开放目录"), head, widths, lines), XLSX, "xlsx")


@access.public
def register_csv() -> ResponseReturnValue:
    """Give the grants looked for as CSV."""
    lines, head, _widths = _lines()
    return _file(write_csv(head, lines), "text/csv; charset=utf-8", "csv")


def read_wanted() -> Wanted:
    """Read the address; anything unknown asks for nothing."""
    when = request.args.get("when", "")
    values = {name: request.args.get(name, "").strip()[:40] for name in _NAMES}
    return Wanted(
        when=When(when) if when in set(When) else When.NOW, from_day=read_day(request.args.get("from", "")),
        to_day=read_day(request.args.get("to", "")), **values,
    )  # fmt: skip


def address(endpoint: str, wanted: Wanted, after: str = "") -> str:
    """Return the address of the same question."""
    pairs = [("when", wanted.when.value if wanted.when is not When.NOW else ""),
             *((name, getattr(wanted, name)) for name in _NAMES),
             ("from", words.iso(wanted.from_day)), ("to", words.iso(wanted.to_day)), ("after", after)]  # fmt: skip
    query = urlencode([(name, value) for name, value in pairs if value])
    return url_for(endpoint) + (f"?{query}" if query else "")


def _options() -> dict[str, list[tuple[str, str]]]:
    db = edge.session()
    terms = list_current_terms(db)
    options = {
        scheme: [(term.key, words.label_of(term)) for term in terms if term.scheme == scheme]
        for scheme in ("audience", "topic")
    }
    options["region"] = [(region.code, words.region_name(region)) for region in list_cities(db)]
    options["institution"] = [(each.public_id, each.name) for each in openings.list_open_institutions(db)]
    options["when"] = [(when.value, name) for when, name in words.when_names().items()]
    return options


def _chosen(wanted: Wanted) -> list[tuple[str, str]]:
    """Return the conditions in words, each with the address without it."""
    options = _options()
    chosen = []
    for name in _NAMES:
        labels = dict(options[name])
        if getattr(wanted, name):
            chosen.append((name, labels.get(getattr(wanted, name), getattr(wanted, name))))
    if wanted.from_day is not None:
        chosen.append(("from_day", _("%(day)s 以后", day=local_date(wanted.from_day))))
    if wanted.to_day is not None:
        chosen.append(("to_day", _("%(day)s 以前", day=local_date(wanted.to_day))))
    return [(label, address("green_channel.register", openings.without(wanted, name))) for name, label in chosen]


def _lines() -> tuple[list[list[str]], list[str], list[int]]:
    rows, is_whole = openings.list_for_export(edge.session(), read_wanted())
    db = edge.session()
    terms = {(term.scheme, term.key): words.label_of(term) for term in list_terms(db)}
    columns = _columns(lambda scheme, key: terms.get((scheme, key), key))
    lines = [[str(value(row)) for _label, _width, value in columns] for row in rows]
    if not is_whole:
        lines.append([_("只列出最近的 %(count)s 条，请加上筛选条件分几次下载。", count=openings.EXPORT_MAX),
                      *[""] * (len(columns) - 1)])  # fmt: skip
    return lines, [label for label, *_rest in columns], [width for _label, width, _value in columns]


def _columns(label: Callable[[str, str], str]) -> list[tuple[str, int, Callable[[RegisterRow], object]]]:
    base = edge.platform().settings.app.base_url
    return [
        (_("名称"), 36, lambda row: row.grant.title),
        (_("机构"), 28, lambda row: row.grant.institution.name),
        (_("机构类型"), 16, lambda row: label("institution_type", row.grant.institution.type_key)),
        (_("机构所在地"), 12, lambda row: words.region_name(row.grant.institution.region)),
        (_("第一天"), 12, lambda row: first_day(row.grant.starts_at).isoformat()),
        (_("最后一天"), 12, lambda row: words.days_of(row.grant)[1].isoformat()),
        (_("状态"), 10, lambda row: words.when_badge(row.when, row.grant)[0]),
        (_("结束原因"), 20, lambda row: row.grant.ended_reason),
        (_("面向地区"), 24, lambda row: words.region_names(row.grant.regions)),
        (_("面向人群"), 24, lambda row: words.audience_names(row.grant)),
        (_("使用许可"), 24, lambda row: label("licence", row.grant.licence)),
        (_("讲数"), 8, lambda row: row.counts.lectures),
        (_("有标识的讲数"), 12, lambda row: row.counts.with_badge),
        (_("联系人"), 12, lambda row: row.grant.contact_name),
        (_("联系电话"), 18, lambda row: row.grant.contact_phone),
        (_("说明"), 36, lambda row: row.grant.note),
        (_("网址"), 40, lambda row: base + words.opening_url(row.grant)),
    ]


def _file(data: bytes, content_type: str, extension: str) -> Response:
    day = first_day(utc_now()).isoformat()
    response = Response(data, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="green-channel-{day}.{extension}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
