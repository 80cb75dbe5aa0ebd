"""uploads in pieces, their bytes in the store, programs that send them

Revision: 0009, after 0008. Existing uploads are whole files; a release before this one goes on inserting such.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KIND = sa.Enum(
    "whole", "partial", "final", name="uploadkind", native_enum=False, create_constraint=True, length=32
)


PURPOSE = sa.Enum("browser", "upload", name="purpose", native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", PURPOSE, nullable=False, server_default="browser"))
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", KIND, nullable=False, server_default="whole"))
        batch_op.add_column(sa.Column("final_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("position", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("metadata_header", sa.String(length=4000), nullable=False, server_default="")
        )
        batch_op.alter_column("lecture_id", existing_type=sa.Integer(), nullable=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_upload_final_id_upload"), "upload", ["final_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_check_constraint(
            op.f("ck_upload_lecture_unless_partial"), "(kind = 'partial') = (lecture_id IS NULL)"
        )
        batch_op.create_index(batch_op.f("ix_upload_final_id"), ["final_id"], unique=False)
    op.create_table(
        "upload_intake",
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("writer", sa.String(length=200), nullable=True),
        sa.Column("writer_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_intake_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_upload_intake")),
    )
    op.create_table(
        "upload_piece",
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_upload_piece_size_positive")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_piece_upload_id_upload"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_upload_piece")),
    )


def downgrade() -> None:
    op.execute("DELETE FROM login_session WHERE purpose <> 'browser'")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("purpose")
    op.drop_table("upload_piece")
    op.drop_table("upload_intake")
    op.execute("DELETE FROM upload WHERE kind <> 'whole'")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_final_id"))
        batch_op.drop_constraint(op.f("ck_upload_lecture_unless_partial"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_upload_final_id_upload"), type_="foreignkey")
        batch_op.alter_column("lecture_id", existing_type=sa.Integer(), nullable=False)
        batch_op.drop_column("metadata_header")
        batch_op.drop_column("position")
        batch_op.drop_column("final_id")
        batch_op.drop_column("kind")
