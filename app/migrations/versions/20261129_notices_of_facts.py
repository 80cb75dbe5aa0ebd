"""more kinds of notices: joining, quotas, the green channel

Revision: 0019, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

_OLD = (
    "returned", "rejected", "published", "progress", "withdrawn", "media_failed", "media_ready", "case", "deadline",
    "case_recalled", "account",
)  # fmt: skip
_NEW = ("application", "member", "work", "quota", "green_lost", "green_back", "green_grant")


def _allow(kinds) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    for table in ("notice", "notice_choice"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_noticekind"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_{table}_noticekind"), f"kind IN ({allowed})")


def upgrade() -> None:
    _allow((*_OLD, *_NEW))


def downgrade() -> None:
    kinds = sa.bindparam("kinds", _NEW, expanding=True)
    for table in ("notice", "notice_choice"):
        op.execute(sa.text(f"DELETE FROM {table} WHERE kind IN :kinds").bindparams(kinds))  # noqa: S608 - our names
    _allow(_OLD)
