"""The alembic environment: runs the migrations on the given connection, inside its transaction."""

from alembic import context
from sqlalchemy import text

connection = context.config.attributes["connection"]
connection.execute(text("create schema if not exists reyna"))
context.configure(connection=connection, version_table="migrated", version_table_schema="reyna")
context.run_migrations()
