"""The position of held runs in the queue of their user."""

from alembic import op

revision = "v0012_run_queue"
down_revision = "v0011_steps"
branch_labels = None
depends_on = None

ADD = 'alter table processors.runs add column queue_position text collate "C"'  # null: none of these is held
INDEX = "create index runs_queue on processors.runs (user_id, queue_position, id) where queue_position is not null"


def upgrade() -> None:
    op.execute(ADD)
    op.execute(INDEX)
