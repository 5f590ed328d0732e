"""The length of each prompt, and the blobs that it quotes, as columns."""

from alembic import op

revision = "v0019_prompt_sizes"
down_revision = "v0018_files"
branch_labels = None
depends_on = None

ADD = 'alter table processors.prompts add column characters bigint, add column quoted_blobs text collate "C"'
# A body may be of 100,000 characters: each is parsed once.
FILL = """
    update processors.prompts t set
        characters = coalesce(char_length(p.prompt ->> 'answer'), 0) + s.characters, quoted_blobs = s.quoted_blobs
    from processors.prompts o
    cross join lateral (select o.body::jsonb -> 'prompt' as prompt) p
    cross join lateral (
        select coalesce(sum(char_length(part ->> 'text')), 0) as characters,
            coalesce(string_agg(distinct part ->> 'blob_id', ' '), '') as quoted_blobs
        from jsonb_array_elements(p.prompt -> 'parts') as part
    ) s
    where o.user_id = t.user_id and o.id = t.id
"""


def upgrade() -> None:
    op.execute(ADD)
    op.execute(FILL)
