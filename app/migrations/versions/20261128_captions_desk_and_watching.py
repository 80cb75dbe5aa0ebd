"""drafts and proofreading of captions; plays, their sums by day, certificates of a year

Revision: 0015, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _captions()
    _watching()
    _certificates()


def _captions() -> None:
    op.create_table(
        "caption_edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_key", sa.String(length=24), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=True),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("edited_by_id", sa.Integer(), nullable=True),
        sa.Column("edited_name", sa.String(length=60), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_caption_edit_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["edited_by_id"], ["user.id"], name=op.f("fk_caption_edit_edited_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caption_edit")),
        sa.UniqueConstraint("lecture_id", "language", name=op.f("uq_caption_edit_lecture_id")),
    )
    op.create_table(
        "caption_proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("lecture_version", sa.Integer(), nullable=False),
        sa.Column("was_machine", sa.Boolean(), nullable=False),
        sa.Column("proofread_by_id", sa.Integer(), nullable=True),
        sa.Column("proofread_name", sa.String(length=60), nullable=False),
        sa.Column("proofread_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_caption_proof_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["proofread_by_id"], ["user.id"], name=op.f("fk_caption_proof_proofread_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caption_proof")),
    )
    with op.batch_alter_table("caption_proof", schema=None) as batch_op:
        batch_op.create_index("ix_caption_proof_lecture_id_language", ["lecture_id", "language", "id"], unique=False)


def _watching() -> None:
    op.create_table(
        "play_beacon",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("play_key", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("playlist_id", sa.Integer(), nullable=True),
        sa.Column("played_s", sa.Integer(), nullable=False),
        sa.Column("covered_s", sa.Integer(), nullable=False),
        sa.Column("is_listening", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_play_beacon_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play_beacon")),
        sa.UniqueConstraint("play_key", "number", name=op.f("uq_play_beacon_play_key")),
    )
    with op.batch_alter_table("play_beacon", schema=None) as batch_op:
        batch_op.create_index("ix_play_beacon_lecture_id_received_at", ["lecture_id", "received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_play_beacon_received_at"), ["received_at"], unique=False)
    op.create_table(
        "watch_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("playlist_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("listens", sa.Integer(), nullable=False),
        sa.Column("completions", sa.Integer(), nullable=False),
        sa.Column("watched_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_watch_day_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_day")),
        sa.UniqueConstraint("lecture_id", "day", "playlist_id", "region_code", name=op.f("uq_watch_day_lecture_id")),
    )
    op.create_table(
        "watch_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("counted_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_mark")),
    )


def _certificates() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("holder_name", sa.String(length=60), nullable=False),
        sa.Column("institution_name", sa.String(length=120), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.Integer(), nullable=True),
        sa.Column("revoked_reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_certificate_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["user.id"], name=op.f("fk_certificate_revoked_by_id_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_certificate_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("key", name=op.f("uq_certificate_key")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index("ix_certificate_institution_id_year", ["institution_id", "year"], unique=False)
        batch_op.create_index("ix_certificate_user_id_year", ["user_id", "year"], unique=False)


def downgrade() -> None:
    for name in ("certificate", "watch_mark", "watch_day", "play_beacon", "caption_proof", "caption_edit"):
        op.drop_table(name)
