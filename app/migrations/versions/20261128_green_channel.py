"""grants of the green channel, where each opened lecture stands, the history of grants

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _refuse(what: str) -> None:
    """Let the history only grow, whoever writes to the database."""
    name = f"green_grant_event_no_{what.lower()}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {what} ON green_grant_event "
            "BEGIN SELECT RAISE(ABORT, 'the history of grants only grows'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the history of grants only grows'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {what} ON green_grant_event FOR EACH ROW EXECUTE FUNCTION {name}()")


def upgrade() -> None:
    op.create_table(
        "green_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("licence", sa.String(length=40), nullable=False),
        sa.Column("contact_name", sa.String(length=60), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_green_grant_ends_after_start")),
        sa.CheckConstraint(
            "ended_at IS NULL OR length(trim(ended_reason)) > 0", name=op.f("ck_green_grant_end_has_reason")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_green_grant_created_by_id_user")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_green_grant_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_grant")),
        sa.UniqueConstraint("key", name=op.f("uq_green_grant_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_green_grant_public_id")),
    )
    with op.batch_alter_table("green_grant", schema=None) as batch_op:
        batch_op.create_index("ix_green_grant_institution_id_ends_at", ["institution_id", "ends_at"], unique=False)
        batch_op.create_index("ix_green_grant_ends_at", ["ends_at"], unique=False)

    op.create_table(
        "green_grant_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("lecture_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(course_id IS NULL) <> (lecture_id IS NULL)", name=op.f("ck_green_grant_item_one_thing")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_green_grant_item_course_id_course")),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["green_grant.id"], name=op.f("fk_green_grant_item_grant_id_green_grant"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_green_grant_item_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_grant_item")),
        sa.UniqueConstraint("grant_id", "course_id", name=op.f("uq_green_grant_item_grant_id_course_id")),
        sa.UniqueConstraint("grant_id", "lecture_id", name=op.f("uq_green_grant_item_grant_id_lecture_id")),
    )
    with op.batch_alter_table("green_grant_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_green_grant_item_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_green_grant_item_lecture_id"), ["lecture_id"], unique=False)

    op.create_table(
        "green_grant_region",
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["green_grant.id"], name=op.f("fk_green_grant_region_grant_id_green_grant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["region.code"], name=op.f("fk_green_grant_region_region_code_region")
        ),
        sa.PrimaryKeyConstraint("grant_id", "region_code", name=op.f("pk_green_grant_region")),
    )  # fmt: skip
    with op.batch_alter_table("green_grant_region", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_green_grant_region_region_code"), ["region_code"], unique=False)

    op.create_table(
        "green_grant_audience",
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("term_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["green_grant.id"], name=op.f("fk_green_grant_audience_grant_id_green_grant"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name=op.f("fk_green_grant_audience_term_id_term")),
        sa.PrimaryKeyConstraint("grant_id", "term_id", name=op.f("pk_green_grant_audience")),
    )  # fmt: skip
    with op.batch_alter_table("green_grant_audience", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_green_grant_audience_term_id"), ["term_id"], unique=False)

    op.create_table(
        "green_standing",
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("broken", sa.JSON(), nullable=False),
        sa.Column("files_digest", sa.String(length=64), nullable=False),
        sa.Column("missing_files", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["green_grant.id"], name=op.f("fk_green_standing_grant_id_green_grant")),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_green_standing_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lecture_id", name=op.f("pk_green_standing")),
    )
    with op.batch_alter_table("green_standing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_green_standing_grant_id"), ["grant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_green_standing_checked_at"), ["checked_at"], unique=False)
        batch_op.create_index("ix_green_standing_is_shown_ends_at", ["is_shown", "ends_at"], unique=False)

    op.create_table(
        "green_grant_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column(
            "action",
            sa.Enum("opened", "changed", "ended", name="grantaction", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_green_grant_event_actor_id_user")),
        sa.ForeignKeyConstraint(["grant_id"], ["green_grant.id"], name=op.f("fk_green_grant_event_grant_id_green_grant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_green_grant_event")),
    )
    with op.batch_alter_table("green_grant_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_green_grant_event_grant_id"), ["grant_id"], unique=False)
    for what in ("UPDATE", "DELETE"):
        _refuse(what)


def downgrade() -> None:
    for table in (
        "green_grant_event", "green_standing", "green_grant_audience", "green_grant_region", "green_grant_item",
        "green_grant",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for what in ("update", "delete"):
            op.execute(f"DROP FUNCTION green_grant_event_no_{what}()")
