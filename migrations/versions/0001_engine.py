"""Engine: people, jobs, chunks, failures, outbox, audit"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    if op.get_context().opts["part"] not in ("app", "both"):
        return

    op.create_table('failed_sign_ins',
    sa.Column('id', KEY, nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failed_sign_ins'))
    )
    op.create_index('ix_failed_sign_ins_address_at', 'failed_sign_ins', ['address', 'at'], unique=False)
    op.create_index('ix_failed_sign_ins_email_at', 'failed_sign_ins', ['email', 'at'], unique=False)
    op.create_table('job_failures',
    sa.Column('id', KEY, nullable=False),
    sa.Column('job_id', KEY, nullable=False),
    sa.Column('chunk_id', KEY, nullable=False),
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('column', sa.String(length=200), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('record', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_failures'))
    )
    op.create_index('ix_job_failures_job_id_row', 'job_failures', ['job_id', 'row'], unique=False)
    op.create_table('marks',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_marks'))
    )
    op.create_table('users',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('sign_in_epoch', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_sign_in_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('email', name=op.f('uq_users_email'))
    )
    op.create_table('workers',
    sa.Column('holder', sa.String(length=160), nullable=False),
    sa.Column('queue', sa.String(length=20), nullable=False),
    sa.Column('host', sa.String(length=80), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('holder', name=op.f('pk_workers'))
    )
    op.create_table('audit_entries',
    sa.Column('id', KEY, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('actor', sa.String(length=254), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('object_type', sa.String(length=40), nullable=False),
    sa.Column('object_id', sa.String(length=60), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['users.id'], name=op.f('fk_audit_entries_actor_id_users'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries'))
    )
    op.create_index(op.f('ix_audit_entries_at'), 'audit_entries', ['at'], unique=False)
    op.create_index('ix_audit_entries_object', 'audit_entries', ['object_type', 'object_id'], unique=False)
    op.create_table('stored_files',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_stored_files_owner_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_files')),
    sa.UniqueConstraint('key', name=op.f('uq_stored_files_key'))
    )
    op.create_index(op.f('ix_stored_files_owner_id'), 'stored_files', ['owner_id'], unique=False)
    op.create_index(op.f('ix_stored_files_sha256'), 'stored_files', ['sha256'], unique=False)
    op.create_table('jobs',
    sa.Column('id', KEY, nullable=False),
    sa.Column('uuid', sa.String(length=36), nullable=False),
    sa.Column('type', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('purpose', sa.String(length=10), nullable=False),
    sa.Column('origin_id', KEY, nullable=True),
    sa.Column('after_id', KEY, nullable=True),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('strategy', sa.String(length=10), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('file_id', sa.Integer(), nullable=True),
    sa.Column('options', sa.JSON(), nullable=False),
    sa.Column('layout', sa.JSON(), nullable=False),
    sa.Column('meta', sa.JSON(), nullable=False),
    sa.Column('chunk_rows', sa.Integer(), nullable=True),
    sa.Column('total', sa.BigInteger(), nullable=True),
    sa.Column('processed', sa.BigInteger(), nullable=False),
    sa.Column('created', sa.BigInteger(), nullable=False),
    sa.Column('updated', sa.BigInteger(), nullable=False),
    sa.Column('unchanged', sa.BigInteger(), nullable=False),
    sa.Column('skipped', sa.BigInteger(), nullable=False),
    sa.Column('failed', sa.BigInteger(), nullable=False),
    sa.Column('not_processed', sa.BigInteger(), nullable=False),
    sa.Column('isolate', sa.Boolean(), nullable=False),
    sa.Column('error_code', sa.String(length=60), nullable=True),
    sa.Column('error_message', sa.Text(), nullable=True),
    sa.Column('prepared', sa.Boolean(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('deaths', sa.Integer(), nullable=False),
    sa.Column('lease_token', sa.String(length=36), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_holder', sa.String(length=160), nullable=True),
    sa.Column('after_round', sa.Integer(), nullable=False),
    sa.Column('run_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('enqueued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('progressed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_chunk_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['after_id'], ['jobs.id'], name=op.f('fk_jobs_after_id_jobs')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], name=op.f('fk_jobs_file_id_stored_files')),
    sa.ForeignKeyConstraint(['origin_id'], ['jobs.id'], name=op.f('fk_jobs_origin_id_jobs')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_jobs_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs')),
    sa.UniqueConstraint('uuid', name=op.f('uq_jobs_uuid')),
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_jobs_after_id'), 'jobs', ['after_id'], unique=False)
    op.create_index('ix_jobs_finished_at', 'jobs', ['finished_at'], unique=False)
    op.create_index('ix_jobs_status_id', 'jobs', ['status', 'id'], unique=False)
    op.create_index('ix_jobs_type_id', 'jobs', ['type', 'id'], unique=False)
    op.create_index('ix_jobs_user_id_id', 'jobs', ['user_id', 'id'], unique=False)
    op.create_table('job_chunks',
    sa.Column('id', KEY, nullable=False),
    sa.Column('job_id', KEY, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('offset', sa.BigInteger(), nullable=False),
    sa.Column('length', sa.BigInteger(), nullable=False),
    sa.Column('first_row', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('hints', sa.JSON(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('deaths', sa.Integer(), nullable=False),
    sa.Column('lease_token', sa.String(length=36), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_holder', sa.String(length=160), nullable=True),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created', sa.Integer(), nullable=False),
    sa.Column('updated', sa.Integer(), nullable=False),
    sa.Column('unchanged', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('prepared', sa.JSON(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error_code', sa.String(length=60), nullable=True),
    sa.Column('error_message', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_job_chunks_job_id_jobs'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_chunks')),
    sa.UniqueConstraint('job_id', 'number', name=op.f('uq_job_chunks_job_id_number'))
    )
    op.create_index('ix_job_chunks_job_id_state_number', 'job_chunks', ['job_id', 'state', 'number'], unique=False)
    op.create_index('ix_job_chunks_state_lease_until', 'job_chunks', ['state', 'lease_until'], unique=False)
    op.create_table('outbox_events',
    sa.Column('id', KEY, nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('job_id', KEY, nullable=True),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fanned_out', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_outbox_events_job_id_jobs'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_events'))
    )
    op.create_index(op.f('ix_outbox_events_fanned_out'), 'outbox_events', ['fanned_out'], unique=False)
    op.create_index('ix_outbox_events_job_id_id', 'outbox_events', ['job_id', 'id'], unique=False)
    op.create_table('event_receipts',
    sa.Column('id', KEY, nullable=False),
    sa.Column('event_id', KEY, nullable=False),
    sa.Column('job_id', KEY, nullable=True),
    sa.Column('listener', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['outbox_events.id'], name=op.f('fk_event_receipts_event_id_outbox_events'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event_receipts')),
    sa.UniqueConstraint('event_id', 'listener', name=op.f('uq_event_receipts_event_id_listener'))
    )
    op.create_index('ix_event_receipts_state_next_try_at', 'event_receipts', ['state', 'next_try_at'], unique=False)


def downgrade() -> None:
    if op.get_context().opts["part"] not in ("app", "both"):
        return

    op.drop_index('ix_event_receipts_state_next_try_at', table_name='event_receipts')
    op.drop_table('event_receipts')
    op.drop_index('ix_outbox_events_job_id_id', table_name='outbox_events')
    op.drop_index(op.f('ix_outbox_events_fanned_out'), table_name='outbox_events')
    op.drop_table('outbox_events')
    op.drop_index('ix_job_chunks_state_lease_until', table_name='job_chunks')
    op.drop_index('ix_job_chunks_job_id_state_number', table_name='job_chunks')
    op.drop_table('job_chunks')
    op.drop_index('ix_jobs_user_id_id', table_name='jobs')
    op.drop_index('ix_jobs_type_id', table_name='jobs')
    op.drop_index('ix_jobs_status_id', table_name='jobs')
    op.drop_index('ix_jobs_finished_at', table_name='jobs')
    op.drop_index(op.f('ix_jobs_after_id'), table_name='jobs')
    op.drop_table('jobs')
    op.drop_index(op.f('ix_stored_files_sha256'), table_name='stored_files')
    op.drop_index(op.f('ix_stored_files_owner_id'), table_name='stored_files')
    op.drop_table('stored_files')
    op.drop_index('ix_audit_entries_object', table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_at'), table_name='audit_entries')
    op.drop_table('audit_entries')
    op.drop_table('workers')
    op.drop_table('users')
    op.drop_table('marks')
    op.drop_index('ix_job_failures_job_id_row', table_name='job_failures')
    op.drop_table('job_failures')
    op.drop_index('ix_failed_sign_ins_email_at', table_name='failed_sign_ins')
    op.drop_index('ix_failed_sign_ins_address_at', table_name='failed_sign_ins')
    op.drop_table('failed_sign_ins')
