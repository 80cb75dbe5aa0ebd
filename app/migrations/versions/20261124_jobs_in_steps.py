"""jobs in steps, and sets that grow

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("weight", sa.Float(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(batch_op.f("fk_job_parent_id_job"), "job", ["parent_id"], ["id"], ondelete="CASCADE")
        batch_op.create_index("ix_job_parent", ["parent_id", "state"], unique=False)
    op.create_table(
        "growing_set",
        sa.Column("lecture_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("is_audio_only", sa.Boolean(), nullable=False),
        sa.Column("heights_px", sa.JSON(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("available_s", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lecture_id"], ["lecture.id"], name=op.f("fk_growing_set_lecture_id_lecture"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_growing_set_source_id_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lecture_id", name=op.f("pk_growing_set")),
    )
    with op.batch_alter_table("growing_set", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_growing_set_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_growing_set_source_id"), ["source_id"], unique=False)


def downgrade() -> None:
    op.drop_table("growing_set")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_parent")
        batch_op.drop_constraint(batch_op.f("fk_job_parent_id_job"), type_="foreignkey")
        batch_op.drop_column("weight")
        batch_op.drop_column("parent_id")
