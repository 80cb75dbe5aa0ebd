"""The desk of an institution: what it opened, how every lecture of it stands, opening, changing, ending."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.green_channel import queries, services
from app.green_channel.fields import fields_of
from app.green_channel.forms import GrantForm
from app.green_channel.periods import first_day
from app.green_channel.promises import Promise, channel_policy
from app.green_channel.register import RegisterRow
from app.green_channel.views import words
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.ids import new_public_id
from app.library.green_grants import GreenGrant
from app.library.places import Institution, Region, RegionLevel
from app.library.queries import city_of, list_cities, list_current_terms, list_terms
from app.web import access, edge
from app.web.speech import speak_all

#: What the form begins with: a school year.
_USUAL = timedelta(days=365)


def register(blueprint: Blueprint) -> None:
    """Add the routes."""

    @blueprint.get("/desk", endpoint="desk")
    @access.contributors
    def desk() -> ResponseReturnValue:
        db, actor = edge.session(), edge.current_actor()
        rows = [RegisterRow(grant, counts) for grant, counts in queries.list_own(db, actor)]
        return render_template(
            "green_channel/desk.html", rows=rows, words=words, places=queries.list_grantable(db, actor)
        )

    @blueprint.get("/desk/openings/<public_id>", endpoint="grant")
    @access.contributors
    def grant(public_id: str) -> ResponseReturnValue:
        number = request.args.get("page", 1, type=int)
        page = queries.get_grant_page(edge.session(), edge.current_actor(), public_id, page=number)
        labels = {term.key: words.label_of(term) for term in list_terms(edge.session()) if term.scheme == "licence"}
        return render_template(
            "green_channel/grant.html", page=page, grant=page.grant, row=RegisterRow(page.grant, page.counts),
            words=words, licence=labels.get(page.grant.licence, page.grant.licence), promise_count=len(Promise),
            page_url=partial(_page_url, public_id),
        )  # fmt: skip

    @blueprint.post("/desk/lectures/<public_id>/check", endpoint="recheck")
    @access.contributors
    def recheck(public_id: str) -> ResponseReturnValue:
        services.recheck_lecture(edge.session(), edge.current_actor(), public_id)
        flash(_("已经重新检查。"), "success")
        back = request.form.get("opening", "")[:20]
        return redirect(url_for("green_channel.grant", public_id=back) if back else url_for("green_channel.desk"), 303)

    _register_opening(blueprint)
    _register_changing(blueprint)
    _register_ending(blueprint)


def _page_url(public_id: str, number: int) -> str:
    return url_for("green_channel.grant", public_id=public_id, page=number if number > 1 else None)


def _register_opening(blueprint: Blueprint) -> None:
    @blueprint.get("/desk/institutions/<institution_id>/new", endpoint="new_grant")
    @access.contributors
    def new(institution_id: str) -> ResponseReturnValue:
        place = queries.get_grantable(edge.session(), edge.current_actor(), institution_id)
        region, today = edge.session().get(Region, place.region_code), first_day(utc_now())
        begin = {
            "starts_on": today.isoformat(), "ends_on": (today + _USUAL).isoformat(), "key": new_public_id(20),
            "contact_phone": place.contact_phone, "licence": "platform_public_good",
            "regions": [city_of(region)] if region is not None else [], "audiences": ["resident", "elder"],
        }  # fmt: skip
        return _form(place, GrantForm(formdata=None, data=begin))

    @blueprint.post("/desk/institutions/<institution_id>/new", endpoint="open_grant")
    @access.contributors
    def create(institution_id: str) -> ResponseReturnValue:
        db, actor, form = edge.session(), edge.current_actor(), GrantForm()
        place = queries.get_grantable(db, actor, institution_id)
        if "look" in request.form:  # looking for lectures keeps what was typed
            return _form(place, form)
        try:
            made = services.open_channel(db, actor, institution_id, form.fields(), key=form.key.data or "")
        except InvalidInput as error:
            form.blame(error.fields)
            return _form(place, form), 422
        flash(_("已经开放，写进了开放目录。下面是每一讲的检查结果。"), "success")
        return redirect(url_for("green_channel.grant", public_id=made.public_id), 303)


def _register_changing(blueprint: Blueprint) -> None:
    @blueprint.get("/desk/openings/<public_id>/edit", endpoint="edit_grant")
    @access.contributors
    def edit(public_id: str) -> ResponseReturnValue:
        found = services.get_grant_for_change(edge.session(), edge.current_actor(), public_id)
        kept = fields_of(found)
        begin = {name: getattr(kept, name) for name in kept.__slots__} | {"version": str(found.version)}
        return _form(_place(found), GrantForm(formdata=None, data=begin), grant=found)

    @blueprint.post("/desk/openings/<public_id>/edit", endpoint="save_grant")
    @access.contributors
    def save(public_id: str) -> ResponseReturnValue:
        db, actor, form = edge.session(), edge.current_actor(), GrantForm()
        found = services.get_grant_for_change(db, actor, public_id)
        place = _place(found)
        if "look" in request.form:
            return _form(place, form, grant=found)
        try:
            services.change_channel(db, actor, public_id, form.fields(), expected_version=form.expected_version())
        except InvalidInput as error:
            form.blame(error.fields)
            return _form(place, form, grant=found), 422
        except StaleVersion:
            # What was typed stays; what is kept now stands beside it, and sending again is a decision.
            form.version.data = str(found.version)
            return _form(place, form, grant=found, is_clash=True), 412
        flash(_("修改已保存。"), "success")
        return redirect(url_for("green_channel.grant", public_id=public_id), 303)


def _register_ending(blueprint: Blueprint) -> None:
    @blueprint.get("/desk/openings/<public_id>/end", endpoint="confirm_end")
    @access.contributors
    def ask(public_id: str) -> ResponseReturnValue:
        found = services.get_grant_for_change(edge.session(), edge.current_actor(), public_id)
        return render_template("green_channel/end.html", grant=found, problems={}, typed="")

    @blueprint.post("/desk/openings/<public_id>/end", endpoint="end_grant")
    @access.contributors
    def end(public_id: str) -> ResponseReturnValue:
        db, actor, reason = edge.session(), edge.current_actor(), request.form.get("reason", "")
        try:
            services.end_channel(db, actor, public_id, reason=reason)
        except InvalidInput as error:
            found = services.get_grant_for_change(db, actor, public_id)
            page = render_template(
                "green_channel/end.html", grant=found, problems=speak_all(error.fields), typed=reason
            )
            return page, 422
        flash(_("已经提前结束，标识已撤下。课还在，居民照常能看。"), "success")
        return redirect(url_for("green_channel.grant", public_id=public_id), 303)


def _place(grant: GreenGrant) -> Institution:
    place = edge.session().get(Institution, grant.institution_id)
    assert place is not None, "a foreign key"
    return place


def _form(place: Institution, form: GrantForm, *, grant: GreenGrant | None = None, is_clash: bool = False) -> str:
    db = edge.session()
    offer = queries.list_offer(db, place.id, chosen=form.lectures.data or [], text=(form.find.data or "")[:100])
    terms = list_current_terms(db)
    form.courses.choices = [
        (course.public_id, course.title, _("%(count)s 讲，以后放进这门课程的也算", count=count))
        for course, count in offer.courses
    ]
    form.lectures.choices = [(each.public_id, each.title) for each in offer.lectures]
    form.audiences.choices = [(term.key, words.label_of(term)) for term in terms if term.scheme == "audience"]
    form.licence.choices = [
        (term.key, words.label_of(term))
        for term in terms if term.scheme == "licence" and term.key in channel_policy().licences
    ]
    form.regions.choices = _region_choices()
    action = (
        url_for("green_channel.save_grant", public_id=grant.public_id) if grant is not None
        else url_for("green_channel.open_grant", institution_id=place.public_id)
    )  # fmt: skip
    return render_template(
        "green_channel/form.html", place=place, form=form, grant=grant, action=action, has_more=offer.has_more,
        theirs=_said(grant) if grant is not None and is_clash else [],
    )  # fmt: skip


def _region_choices() -> list[tuple[str, str]]:
    cities = list_cities(edge.session())
    province = edge.session().get(Region, cities[0].parent_code) if cities else None
    whole = [(province.code, _("全省"))] if province is not None and province.level is RegionLevel.PROVINCE else []
    return whole + [(region.code, words.region_name(region)) for region in cities]


def _said(grant: GreenGrant) -> list[tuple[str, str]]:
    """Return what is kept now, for whoever was overtaken."""
    kept = fields_of(grant)
    titles = [item.course.title for item in grant.items if item.course is not None]
    titles += [item.lecture.title for item in grant.items if item.lecture is not None]
    return [
        (_("名称"), kept.title), (_("开放哪些"), "、".join(titles)), (_("时间"), words.period_words(grant)),
        (_("面向地区"), words.region_names(grant.regions)), (_("面向人群"), words.audience_names(grant)),
        (_("联系人"), f"{kept.contact_name} {kept.contact_phone}"), (_("说明"), kept.note),
    ]  # fmt: skip
