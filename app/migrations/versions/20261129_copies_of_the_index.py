"""every machine keeps its own copy of the index: whose comparison it was, and no more jobs that wrote the one copy

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("index_comparison", schema=None) as batch_op:
        batch_op.add_column(sa.Column("machine", sa.String(length=64), server_default="", nullable=False))
    op.execute("DELETE FROM job WHERE kind IN ('update_index', 'compare_index')")


def downgrade() -> None:
    with op.batch_alter_table("index_comparison", schema=None) as batch_op:
        batch_op.drop_column("machine")
