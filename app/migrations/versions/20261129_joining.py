"""applications to join, invitations, members who rest or leave, quotas of institutions

Revision: 0013, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("is_responsible", sa.Boolean(), server_default=sa.false(), nullable=False))
    _quotas()
    _applications()
    _members()


def _quotas() -> None:
    op.create_table(
        "institution_quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=False),
        sa.Column("storage_bytes", sa.BigInteger(), nullable=True),
        sa.Column("monthly_hours", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.Column("set_by_name", sa.String(length=60), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "monthly_hours IS NULL OR monthly_hours > 0", name=op.f("ck_institution_quota_hours_positive")
        ),
        sa.CheckConstraint(
            "storage_bytes IS NULL OR storage_bytes > 0", name=op.f("ck_institution_quota_storage_positive")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_institution_quota_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["set_by_id"], ["user.id"], name=op.f("fk_institution_quota_set_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution_quota")),
    )
    with op.batch_alter_table("institution_quota", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_institution_quota_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(
            "uq_institution_quota_current",
            ["institution_id"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )


def _applications() -> None:
    op.create_table(
        "joining_application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("receipt_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "institution", "centre", name="applicantkind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type_key", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("public_phone", sa.String(length=40), nullable=False),
        sa.Column("person_name", sa.String(length=60), nullable=False),
        sa.Column("person_post", sa.String(length=60), nullable=False),
        sa.Column("person_phone", sa.String(length=40), nullable=False),
        sa.Column("person_email", sa.String(length=254), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.String(length=20), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "questioned",
                "accepted",
                "refused",
                "withdrawn",
                name="applicationstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state <> 'accepted' OR ((institution_id IS NULL) <> (unit_id IS NULL))",
            name=op.f("ck_joining_application_accepted_has_place"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR length(trim(reason)) > 0", name=op.f("ck_joining_application_refusal_has_reason")
        ),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_joining_application_name_not_blank")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_joining_application_decided_by_id_user")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_joining_application_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["region.code"], name=op.f("fk_joining_application_region_code_region")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_joining_application_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joining_application")),
        sa.UniqueConstraint("public_id", name=op.f("uq_joining_application_public_id")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_joining_application_receipt_hash")),
    )
    with op.batch_alter_table("joining_application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joining_application_closed_at"), ["closed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_joining_application_credit_code"), ["credit_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_joining_application_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_joining_application_region_code"), ["region_code"], unique=False)
        batch_op.create_index(
            "ix_joining_application_state_submitted_at", ["state", "submitted_at", "id"], unique=False
        )
    op.create_table(
        "joining_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "submitted",
                "question",
                "answer",
                "accepted",
                "refused",
                "reopened",
                "withdrawn",
                name="messagekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=60), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["joining_application.id"],
            name=op.f("fk_joining_message_application_id_joining_application"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name=op.f("fk_joining_message_author_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joining_message")),
    )
    with op.batch_alter_table("joining_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joining_message_application_id"), ["application_id"], unique=False)
    op.create_table(
        "joining_paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_joining_paper_size_positive")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["joining_application.id"],
            name=op.f("fk_joining_paper_application_id_joining_application"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joining_paper")),
        sa.UniqueConstraint("public_id", name=op.f("uq_joining_paper_public_id")),
    )
    with op.batch_alter_table("joining_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joining_paper_application_id"), ["application_id"], unique=False)


def _members() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "contributor",
                "institution_admin",
                "reviewer",
                "curator",
                "officer",
                "operator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("is_responsible", sa.Boolean(), nullable=False),
        sa.Column("person_name", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_by_name", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by_id", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(institution_id IS NULL) <> (unit_id IS NULL)", name=op.f("ck_invitation_one_place")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["joining_application.id"],
            name=op.f("fk_invitation_application_id_joining_application"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_invitation_created_by_id_user")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_invitation_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_invitation_unit_id_unit")),
        sa.ForeignKeyConstraint(["used_by_id"], ["user.id"], name=op.f("fk_invitation_used_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitation_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_application_id"), ["application_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_unit_id"), ["unit_id"], unique=False)
    op.create_table(
        "member_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "joined",
                "roles_changed",
                "suspended",
                "resumed",
                "left",
                "returned",
                name="memberact",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("roles_before", sa.JSON(), nullable=False),
        sa.Column("roles_after", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(institution_id IS NULL) <> (unit_id IS NULL)", name=op.f("ck_member_event_one_place")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_member_event_by_id_user")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_member_event_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_member_event_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_member_event_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_event")),
    )
    with op.batch_alter_table("member_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_event_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_member_event_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_member_event_user_id"), ["user_id"], unique=False)
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("institution_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("from_user_id", sa.Integer(), nullable=False),
        sa.Column("to_user_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(institution_id IS NULL) <> (unit_id IS NULL)", name=op.f("ck_handover_one_place")),
        sa.CheckConstraint("from_user_id <> to_user_id", name=op.f("ck_handover_to_somebody_else")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_handover_by_id_user")),
        sa.ForeignKeyConstraint(["from_user_id"], ["user.id"], name=op.f("fk_handover_from_user_id_user")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_handover_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["to_user_id"], ["user.id"], name=op.f("fk_handover_to_user_id_user")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_handover_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("public_id", name=op.f("uq_handover_public_id")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_from_user_id"), ["from_user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_unit_id"), ["unit_id"], unique=False)


def downgrade() -> None:
    for table in (
        "handover",
        "member_event",
        "invitation",
        "joining_paper",
        "joining_message",
        "joining_application",
        "institution_quota",
    ):
        op.drop_table(table)
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("is_responsible")
        batch_op.drop_column("suspended_at")
