"""how much things are used, playlists in the index, popular queries an operator hides

Revision: 0021, after 0019. The column `index_change.lecture_id` keeps its name for the release before; with `kind` it
means the thing of that kind.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "use_count",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("is_finished", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_use_count")),
    )
    op.create_table(
        "hidden_query",
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=20), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["user.id"], name=op.f("fk_hidden_query_hidden_by_id_user")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_hidden_query")),
    )
    with op.batch_alter_table("index_change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=16), server_default="lecture", nullable=False))
    with op.batch_alter_table("watch_mark", schema=None) as batch_op:
        batch_op.add_column(sa.Column("use_counted_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("watch_mark", schema=None) as batch_op:
        batch_op.drop_column("use_counted_on")
    op.execute("DELETE FROM index_change WHERE kind <> 'lecture'")
    with op.batch_alter_table("index_change", schema=None) as batch_op:
        batch_op.drop_column("kind")
    op.drop_table("hidden_query")
    op.drop_table("use_count")
