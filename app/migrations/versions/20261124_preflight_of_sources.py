"""the check of sources

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("preflight", sa.JSON(), nullable=True))
    # Without a job to wait for, an empty column would say "checking" for ever.
    source = sa.table("source", sa.column("preflight", sa.JSON()))
    op.execute(source.update().values(preflight={"version": 0, "problem": "uploaded_before"}))


def downgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_column("preflight")
