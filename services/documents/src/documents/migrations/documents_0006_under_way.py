"""What an import is about to write is noted before it is written."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0006"
down_revision = "documents_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "import_job", sa.Column("under_way", sa.LargeBinary(), nullable=True), schema="documents"
    )
