"""reviews of lectures, changes that wait for them, the negative list

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _refuse(what: str) -> None:
    """Let the history only grow, whoever writes to the database."""
    name = f"review_event_no_{what.lower()}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {what} ON review_event "
            "BEGIN SELECT RAISE(ABORT, 'the history of reviews only grows'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the history of reviews only grows'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {what} ON review_event FOR EACH ROW EXECUTE FUNCTION {name}()")


def upgrade() -> None:
    op.create_table(
        "negative_term",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=60), nullable=False),
        sa.Column("folded", sa.String(length=120), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column(
            "severity",
            sa.Enum("hard", "soft", name="severity", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["user.id"], name=op.f("fk_negative_term_added_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_negative_term")),
        sa.UniqueConstraint("folded", name=op.f("uq_negative_term_folded")),
    )
    op.create_table(
        "review_commitment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signed_by_id", sa.Integer(), nullable=False),
        sa.Column("signed_name", sa.String(length=60), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("words_version", sa.String(length=20), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["signed_by_id"], ["user.id"], name=op.f("fk_review_commitment_signed_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_commitment")),
    )
    with op.batch_alter_table("review_commitment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_commitment_signed_by_id"), ["signed_by_id"], unique=False)

    op.create_table(
        "review_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.Column("set_by_name", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_review_rule_has_reason")),
        sa.CheckConstraint("levels BETWEEN 0 AND 3", name=op.f("ck_review_rule_levels_known")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_review_rule_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["user.id"], name=op.f("fk_review_rule_set_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_rule")),
    )
    with op.batch_alter_table("review_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_rule_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(
            "uq_review_rule_current",
            ["institution_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )

    op.create_table(
        "pending_change",
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_pending_change_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_pending_change_made_by_id_user")),
        sa.PrimaryKeyConstraint("lecture_id", "part", name=op.f("pk_pending_change")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "first", "change", "recheck", name="reviewkind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "level_1",
                "level_2",
                "level_3",
                "passed",
                "returned",
                "rejected",
                "recalled",
                name="reviewstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("rule_note", sa.String(length=500), nullable=False),
        sa.Column("lecture_version", sa.Integer(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_name", sa.String(length=60), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=True),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("hits", sa.JSON(), nullable=False),
        sa.Column("level_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "levels = 0 OR (submitted_by_id IS NOT NULL AND made_by_id IS NOT NULL)",
            name=op.f("ck_review_reviewed_has_people"),
        ),
        sa.CheckConstraint("levels BETWEEN 0 AND 3", name=op.f("ck_review_levels_known")),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["review_commitment.id"], name=op.f("fk_review_commitment_id_review_commitment")
        ),
        sa.ForeignKeyConstraint(["lecture_id"], ["lecture.id"], name=op.f("fk_review_lecture_id_lecture")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user.id"], name=op.f("fk_review_made_by_id_user")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["user.id"], name=op.f("fk_review_submitted_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint(
            "id", "submitted_by_id", "made_by_id", name=op.f("uq_review_id_submitted_by_id_made_by_id")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_public_id")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index("ix_review_lecture_id_closed_at", ["lecture_id", "closed_at"], unique=False)
        batch_op.create_index("ix_review_state_due_at", ["state", "due_at"], unique=False)
        batch_op.create_index(
            "uq_review_open",
            ["lecture_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "review_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=60), nullable=False),
        sa.Column("at_s", sa.Float(), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("at_s IS NULL OR at_s >= 0", name=op.f("ck_review_comment_inside")),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_review_comment_author_id_user")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_comment_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comment")),
    )
    with op.batch_alter_table("review_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_comment_review_id"), ["review_id"], unique=False)

    op.create_table(
        "review_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_name", sa.String(length=60), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "submit",
                "pass",
                "return",
                "reject",
                "recall",
                "undo",
                "shelve",
                "withdraw",
                "recheck",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "verdict = 'pass' OR length(trim(reason)) > 0", name=op.f("ck_review_decision_refusal_has_reason")
        ),
        sa.CheckConstraint("verdict IN ('pass', 'return', 'reject')", name=op.f("ck_review_decision_is_a_verdict")),
        sa.CheckConstraint(
            "reviewer_id <> submitted_by_id AND reviewer_id <> made_by_id", name=op.f("ck_review_decision_not_own_work")
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "submitted_by_id", "made_by_id"],
            ["review.id", "review.submitted_by_id", "review.made_by_id"],
            name="fk_review_decision_people",
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_decision_review_id_review")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user.id"], name=op.f("fk_review_decision_reviewer_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decision")),
    )
    with op.batch_alter_table("review_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_decision_reviewer_id"), ["reviewer_id"], unique=False)
        batch_op.create_index(
            "uq_review_decision_level",
            ["review_id", "level"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.create_index(
            "uq_review_decision_person",
            ["review_id", "reviewer_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "review_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("lecture_version", sa.Integer(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "submit",
                "pass",
                "return",
                "reject",
                "recall",
                "undo",
                "shelve",
                "withdraw",
                "recheck",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_review_event_actor_id_user")),
        sa.ForeignKeyConstraint(["lecture_id"], ["lecture.id"], name=op.f("fk_review_event_lecture_id_lecture")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_event_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_event")),
    )
    with op.batch_alter_table("review_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_event_lecture_id"), ["lecture_id"], unique=False)

    op.create_table(
        "review_opening",
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_opening_review_id_review")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_review_opening_user_id_user")),
        sa.PrimaryKeyConstraint("review_id", "level", "user_id", name=op.f("pk_review_opening")),
    )
    with op.batch_alter_table("lecture", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_held", sa.Boolean(), nullable=False, server_default=sa.false()))
    # 更新必审 holds for what is on the shelf already: three levels are the rule until the operator says otherwise.
    op.execute("UPDATE lecture SET is_held = true WHERE state = 'published'")
    for what in ("UPDATE", "DELETE"):
        _refuse(what)


def downgrade() -> None:
    with op.batch_alter_table("lecture", schema=None) as batch_op:
        batch_op.drop_column("is_held")
    for table in (
        "review_opening", "review_event", "review_decision", "review_comment", "review", "pending_change", "review_rule",
        "review_commitment", "negative_term",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for what in ("update", "delete"):
            op.execute(f"DROP FUNCTION review_event_no_{what}()")
