"""notices, what people want of them, and where their mail goes

Revision: 0014b, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014b"
down_revision = "0014"
branch_labels = None
depends_on = None

_KINDS = (
    "returned", "rejected", "published", "progress", "withdrawn", "media_failed", "media_ready", "case", "deadline",
    "case_recalled", "account",
)  # fmt: skip
_MODES = ("none", "now", "daily", "weekly")


def _enum(values, name):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum(_KINDS, "noticekind"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("digest", _enum(_MODES, "mailmode"), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("uq_notice_user_id_key", ["user_id", "key"], unique=True)
        batch_op.create_index("ix_notice_list", ["user_id", "happened_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_happened_at"), ["happened_at"], unique=False)
        batch_op.create_index(
            "ix_notice_unread", ["user_id"], unique=False,
            sqlite_where=sa.text("read_at IS NULL AND is_shown"),
            postgresql_where=sa.text("read_at IS NULL AND is_shown"),
        )  # fmt: skip
        batch_op.create_index(
            "ix_notice_digest", ["digest", "user_id"], unique=False,
            sqlite_where=sa.text("digest IS NOT NULL"), postgresql_where=sa.text("digest IS NOT NULL"),
        )  # fmt: skip
    op.create_table(
        "notice_choice",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum(_KINDS, "noticekind"), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("mail", _enum(_MODES, "mailmode"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_choice_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notice_choice")),
    )
    op.create_table(
        "notice_digest_stop",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_digest_stop_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_digest_stop")),
    )
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_address", sa.String(length=254), nullable=True))
        batch_op.create_index(batch_op.f("ix_user_mail_address"), ["mail_address"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_mail_address"))
        batch_op.drop_column("mail_address")
    for table in ("notice_digest_stop", "notice_choice", "notice"):
        op.drop_table(table)
