"""what residents ask: queries by day, wishes, the operator's words; and comparisons of the index

Revision: 0017, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

_STATES = ("open", "has_lecture", "in_making", "unsuitable")


def _time(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "asked_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.String(length=20), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "text", name=op.f("pk_asked_day")),
    )
    op.create_table(
        "popular_query",
        sa.Column("text", sa.String(length=20), nullable=False),
        sa.Column("askers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("text", name=op.f("pk_popular_query")),
    )
    _wishes()
    op.create_table(
        "search_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("means", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _time("changed_at"),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        _time("deleted_at", nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user.id"], name=op.f("fk_search_word_changed_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
        sa.UniqueConstraint("key", name=op.f("uq_search_word_key")),
    )
    op.create_table(
        "search_word_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word_mark")),
    )
    op.create_table(
        "index_comparison",
        sa.Column("id", sa.Integer(), nullable=False),
        _time("begun_at"),
        sa.Column("took_s", sa.Float(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Integer(), nullable=False),
        sa.Column("superfluous", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.Column("is_rebuilt", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_comparison")),
    )
    with op.batch_alter_table("index_comparison", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_index_comparison_begun_at"), ["begun_at"], unique=False)
    # Suggested titles and names are confirmed by the text that is shown.
    with op.batch_alter_table("lecture", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lecture_title"), ["title"], unique=False)
        batch_op.create_index(batch_op.f("ix_lecture_teacher"), ["teacher"], unique=False)


def _wishes() -> None:
    op.create_table(
        "wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _time("first_at"),
        _time("last_at"),
        sa.Column(
            "state", sa.Enum(*_STATES, name="wishstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("lecture_id", sa.Integer(), nullable=True),
        _time("answered_at", nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state <> 'has_lecture' OR lecture_id IS NOT NULL", name=op.f("ck_wish_lecture_named")),
        sa.ForeignKeyConstraint(["lecture_id"], ["lecture.id"], name=op.f("fk_wish_lecture_id_lecture")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["user.id"], name=op.f("fk_wish_answered_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sa.UniqueConstraint("public_id", name=op.f("uq_wish_public_id")),
        sa.UniqueConstraint("key", name=op.f("uq_wish_key")),
    )  # fmt: skip
    with op.batch_alter_table("wish", schema=None) as batch_op:
        batch_op.create_index("ix_wish_state_count", ["state", "count", "id"], unique=False)
    op.create_table(
        "wish_place",
        sa.Column("wish_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wish_id"], ["wish.id"], name=op.f("fk_wish_place_wish_id_wish"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("wish_id", "region_code", name=op.f("pk_wish_place")),
    )
    op.create_table(
        "wish_receipt",
        sa.Column("receipt", sa.String(length=20), nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("receipt", name=op.f("pk_wish_receipt")),
    )
    with op.batch_alter_table("wish_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wish_receipt_at"), ["at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lecture", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lecture_teacher"))
        batch_op.drop_index(batch_op.f("ix_lecture_title"))
    for table in (
        "index_comparison", "search_word_mark", "search_word", "wish_receipt", "wish_place", "wish", "popular_query",
        "asked_day",
    ):  # fmt: skip
        op.drop_table(table)
