"""Estimates for the links that are walked: a bucket has few children, and a blob few derived ones.

Without them the planner takes a user with one large bucket for the rule. It then reads all of the user's buckets again
for each bucket whose children are looked up: a subtree of 10,000 took 10 s.
"""

from alembic import op

revision = "v0021_links"
down_revision = "v0020_search"
branch_labels = None
depends_on = None

LINKS = (("state.buckets", "parent_bucket_id"), ("state.blobs", "parent_id"))


def upgrade() -> None:
    for table, link in LINKS:
        op.execute(f"alter table {table} alter column {link} set (n_distinct = -0.1)")  # 10 records with the same link
        op.execute(f"analyze {table} ({link})")
