"""source preflight

Revision: 0002, after 0001. Made: 2026-11-24 20:48:12.104211
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.add_column(sa.Column('preflight', sa.JSON(), nullable=True))
    # Without a job to wait for, an empty column would say "checking" for ever.
    source = sa.table('source', sa.column('preflight', sa.JSON()))
    op.execute(source.update().values(preflight={'version': 0, 'problem': 'uploaded_before'}))


def downgrade() -> None:
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.drop_column('preflight')
