"""Imports people use: previews, saved mappings, corrections, notes, undo, tokens"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    if op.get_context().opts["part"] not in ("app", "both"):
        return

    op.create_table('api_tokens',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('prefix', sa.String(length=16), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=True),
    sa.Column('last_used_at', MOMENT, nullable=True),
    sa.Column('revoked_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_api_tokens_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
    sa.UniqueConstraint('sha256', name=op.f('uq_api_tokens_sha256'))
    )
    op.create_index(op.f('ix_api_tokens_user_id'), 'api_tokens', ['user_id'], unique=False)
    op.create_table('refresh_tokens',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('family', sa.String(length=36), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('expires_at', MOMENT, nullable=False),
    sa.Column('used_at', MOMENT, nullable=True),
    sa.Column('revoked_at', MOMENT, nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_refresh_tokens_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refresh_tokens')),
    sa.UniqueConstraint('sha256', name=op.f('uq_refresh_tokens_sha256'))
    )
    op.create_index('ix_refresh_tokens_family', 'refresh_tokens', ['family'], unique=False)
    op.create_index(op.f('ix_refresh_tokens_user_id'), 'refresh_tokens', ['user_id'], unique=False)
    op.create_table('idempotency_keys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('body_sha256', sa.String(length=64), nullable=False),
    sa.Column('job_id', KEY, nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_idempotency_keys_job_id_jobs'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_idempotency_keys_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotency_keys')),
    sa.UniqueConstraint('user_id', 'key', name=op.f('uq_idempotency_keys_user_id_key'))
    )
    op.create_table('saved_mappings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('type', sa.String(length=80), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('constants', sa.JSON(), nullable=False),
    sa.Column('formats', sa.JSON(), nullable=False),
    sa.Column('values', sa.JSON(), nullable=False),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.Column('updated_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_saved_mappings_owner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_mappings'))
    )
    op.create_index('ix_saved_mappings_type_owner_id', 'saved_mappings', ['type', 'owner_id'], unique=False)
    op.create_table('file_previews',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('reading', sa.JSON(), nullable=False),
    sa.Column('found', sa.JSON(), nullable=False),
    sa.Column('rows', sa.JSON(), nullable=False),
    sa.Column('total_rows', sa.BigInteger(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], name=op.f('fk_file_previews_file_id_stored_files')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_file_previews_owner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_file_previews'))
    )
    op.create_index(op.f('ix_file_previews_file_id'), 'file_previews', ['file_id'], unique=False)
    op.create_index(op.f('ix_file_previews_owner_id'), 'file_previews', ['owner_id'], unique=False)
    op.create_table('row_corrections',
    sa.Column('id', KEY, nullable=False),
    sa.Column('job_id', KEY, nullable=False),
    sa.Column('chunk_id', KEY, nullable=False),
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('cells', sa.Text(), nullable=True),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('created_at', MOMENT, nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_row_corrections_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_row_corrections')),
    sa.UniqueConstraint('job_id', 'row', name=op.f('uq_row_corrections_job_id_row'))
    )
    op.create_index('ix_row_corrections_chunk_id', 'row_corrections', ['chunk_id'], unique=False)
    op.add_column('job_chunks', sa.Column('notes', sa.JSON(), nullable=True))
    op.add_column('jobs', sa.Column('undo_until', MOMENT, nullable=True))
    op.create_index('ix_jobs_file_id', 'jobs', ['file_id'], unique=False)
    op.create_index('ix_jobs_origin_id', 'jobs', ['origin_id'], unique=False)
    op.add_column('stored_files', sa.Column('removed_at', MOMENT, nullable=True))


def downgrade() -> None:
    if op.get_context().opts["part"] not in ("app", "both"):
        return

    for name in ("ix_jobs_origin_id", "ix_jobs_file_id"):
        op.drop_index(name, table_name="jobs")
    for table, column in (
        ("stored_files", "removed_at"), ("jobs", "undo_until"), ("job_chunks", "notes")
    ):
        op.drop_column(table, column)
    for table in (
        "row_corrections", "file_previews", "saved_mappings", "idempotency_keys",
        "refresh_tokens", "api_tokens",
    ):
        op.drop_table(table)
