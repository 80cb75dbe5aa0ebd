"""lectures taken out of other lectures

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "excerpt",
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("original_id", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("end_s", sa.Float(), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s > start_s", name=op.f("ck_excerpt_is_a_stretch")),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_excerpt_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["lecture.id"], name=op.f("fk_excerpt_original_id_lecture"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("lecture_id", name=op.f("pk_excerpt")),
    )
    with op.batch_alter_table("excerpt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_excerpt_original_id"), ["original_id"], unique=False)
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cut", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("cut")
    op.drop_table("excerpt")
