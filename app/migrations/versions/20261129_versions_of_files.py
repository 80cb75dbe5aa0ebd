"""masters of old versions may be given up, a lecture may come back to a file it had, and few uploads at once

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _replace_unique(old: str, new: str, columns: list[str]) -> None:
    """Exchange the unique constraint of media_set.

    SQLite changes one by making the table anew, and dropping the old table takes the rows that refer to it along.
    """
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE TEMPORARY TABLE kept_rendition AS SELECT * FROM rendition")
    with op.batch_alter_table("media_set", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(old), type_="unique")
        batch_op.create_unique_constraint(op.f(new), columns)
    if is_sqlite:
        op.execute("INSERT INTO rendition SELECT * FROM kept_rendition WHERE id NOT IN (SELECT id FROM rendition)")
        op.execute("DROP TABLE kept_rendition")


def upgrade() -> None:
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.add_column(sa.Column("master_dropped_at", sa.DateTime(timezone=True), nullable=True))
    _replace_unique("uq_media_set_lecture_id_digest", "uq_media_set_source_id_digest", ["source_id", "digest"])
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index("ix_upload_user_id_created_at", ["user_id", "created_at"], unique=False)
        batch_op.drop_index(op.f("ix_upload_user_id"))


def downgrade() -> None:
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_upload_user_id"), ["user_id"], unique=False)
        batch_op.drop_index("ix_upload_user_id_created_at")
    # Of two sets of one digest the older one goes: its objects are the other's.
    op.execute(
        sa.text(
            "DELETE FROM media_set WHERE NOT is_current AND EXISTS (SELECT 1 FROM media_set AS other"
            " WHERE other.lecture_id = media_set.lecture_id AND other.digest = media_set.digest"
            " AND (other.is_current OR other.id > media_set.id))"
        )
    )
    _replace_unique("uq_media_set_source_id_digest", "uq_media_set_lecture_id_digest", ["lecture_id", "digest"])
    # Not in batch mode: making the table anew would take along on SQLite what refers to it.
    op.drop_column("source", "master_dropped_at")
