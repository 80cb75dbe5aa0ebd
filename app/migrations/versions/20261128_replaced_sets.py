"""when a media set was replaced, and a way to the work of the last minutes

Revision: 0007, after 0006.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("media_set", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_finished_at", ["finished_at"], unique=False)
    # Nobody noted when; from now on is late enough for everybody who still watches one.
    media_set = sa.table(
        "media_set", sa.column("is_current", sa.Boolean()), sa.column("replaced_at", sa.DateTime(timezone=True))
    )
    op.execute(media_set.update().where(sa.not_(media_set.c.is_current)).values(replaced_at=datetime.now(UTC)))


def downgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index("ix_job_finished_at")
    with op.batch_alter_table("media_set", schema=None) as batch_op:
        batch_op.drop_column("replaced_at")
