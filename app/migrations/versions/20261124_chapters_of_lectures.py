"""chapters of lectures

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chapter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.CheckConstraint("start_s >= 0", name=op.f("ck_chapter_starts_inside")),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_chapter_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chapter")),
        sa.UniqueConstraint("lecture_id", "position", name=op.f("uq_chapter_lecture_id_position")),
    )


def downgrade() -> None:
    op.drop_table("chapter")
