"""Exports, syncs, reports, schedules: what a job made, presets, secrets, schedules, sent mails"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    if op.get_context().opts["part"] not in ("app", "both"):
        return

    op.add_column("stored_files", sa.Column("rows", sa.BigInteger(), nullable=True))
    op.add_column("stored_files", sa.Column("expires_at", MOMENT, nullable=True))
    # Written out: for SQLite a foreign key can only be added together with its column.
    op.execute(
        "ALTER TABLE jobs ADD COLUMN output_id INTEGER"
        " CONSTRAINT fk_jobs_output_id_stored_files REFERENCES stored_files (id)"
    )
    op.create_index("ix_jobs_output_id", "jobs", ["output_id"], unique=False)
    op.create_table(
        "export_presets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_export_presets_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_presets")),
        sa.UniqueConstraint(
            "user_id", "type", "name", name=op.f("uq_export_presets_user_id_type_name")
        ),
    )
    op.create_table(
        "type_secrets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["users.id"], name=op.f("fk_type_secrets_changed_by_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_type_secrets")),
        sa.UniqueConstraint("type", "name", name=op.f("uq_type_secrets_type_name")),
    )
    op.create_table(
        "report_mails",
        sa.Column("id", KEY, nullable=False),
        sa.Column("job_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("format", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_report_mails_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_mails")),
        sa.UniqueConstraint(
            "job_id", "round", "address", name=op.f("uq_report_mails_job_id_round_address")
        ),
    )
    op.create_index(
        "ix_report_mails_state_next_try_at", "report_mails", ["state", "next_try_at"]
    )
    create_schedules()


def create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("cron", sa.String(length=120), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("after_type", sa.String(length=80), nullable=True),
        sa.Column("after_outcome", sa.String(length=5), nullable=True),
        sa.Column("overlap", sa.String(length=5), nullable=False),
        sa.Column("catch_up", sa.String(length=4), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("last_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_schedules_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_schedules_active_next_at", "schedules", ["active", "next_at"])
    op.create_index("ix_schedules_user_id_id", "schedules", ["user_id", "id"])
    op.create_index("ix_schedules_after_type", "schedules", ["after_type"])
    op.create_table(
        "schedule_runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("outcome", sa.String(length=15), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("trigger_job_id", KEY, nullable=True),
        sa.Column("trigger_round", sa.Integer(), nullable=True),
        sa.Column("job_id", KEY, nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["schedules.id"],
            name=op.f("fk_schedule_runs_schedule_id_schedules"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trigger_job_id"],
            ["jobs.id"],
            name=op.f("fk_schedule_runs_trigger_job_id_jobs"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_schedule_runs_job_id_jobs"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_runs")),
        sa.UniqueConstraint("job_id", name=op.f("uq_schedule_runs_job_id")),
        sa.UniqueConstraint(
            "schedule_id", "due_at", name=op.f("uq_schedule_runs_schedule_id_due_at")
        ),
        sa.UniqueConstraint(
            "schedule_id",
            "trigger_job_id",
            "trigger_round",
            name=op.f("uq_schedule_runs_schedule_id_trigger_job_id_trigger_round"),
        ),
    )
    op.create_index("ix_schedule_runs_schedule_id_id", "schedule_runs", ["schedule_id", "id"])
    op.create_index("ix_schedule_runs_outcome_id", "schedule_runs", ["outcome", "id"])


def downgrade() -> None:
    if op.get_context().opts["part"] not in ("app", "both"):
        return

    for table in ("schedule_runs", "schedules", "report_mails", "type_secrets", "export_presets"):
        op.drop_table(table)
    op.drop_index("ix_jobs_output_id", table_name="jobs")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("output_id")
    for column in ("expires_at", "rows"):
        op.drop_column("stored_files", column)
