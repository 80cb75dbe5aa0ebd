"""Pages of the review: `queue` and `case` for reviewers, `submission` for owners, `rules` for the operator."""

from __future__ import annotations

from flask import Blueprint

from app.review.views import case, queue, rules, submission, words


def create_blueprint() -> Blueprint:
    """Build the blueprint."""
    blueprint = Blueprint("review", __name__, url_prefix="/review", template_folder="../templates")
    blueprint.app_template_filter("review_part")(words.part_words)  # the studio's page names parts as well
    queue.register(blueprint)
    case.register(blueprint)
    submission.register(blueprint)
    rules.register(blueprint)
    return blueprint
