"""drafts can be deleted, courses are safe against lost updates

Revision: 0023, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batch mode: making a table anew would take along on SQLite what refers to it.
    op.add_column("lecture", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lecture", sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_lecture_deleted_at", "lecture", ["deleted_at"], unique=False)
    op.add_column("course", sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("course", "version")
    op.drop_index("ix_lecture_deleted_at", table_name="lecture")
    op.drop_column("lecture", "emptied_at")
    op.drop_column("lecture", "deleted_at")
