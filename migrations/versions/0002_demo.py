"""Demo: airlines, airports, planes, weather, flights, legs"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().opts["part"] not in ("target", "both"):
        return

    op.create_table('airlines',
    sa.Column('carrier', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('carrier', name=op.f('pk_airlines'))
    )
    op.create_table('airports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('faa', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('lat', sa.Double(), nullable=False),
    sa.Column('lon', sa.Double(), nullable=False),
    sa.Column('alt', sa.Integer(), nullable=False),
    sa.Column('tz', sa.Integer(), nullable=False),
    sa.Column('dst', sa.Text(), nullable=False),
    sa.Column('tzone', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_airports')),
    sa.UniqueConstraint('faa', name=op.f('uq_airports_faa'))
    )
    op.create_table('planes',
    sa.Column('tailnum', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('manufacturer', sa.Text(), nullable=False),
    sa.Column('model', sa.Text(), nullable=False),
    sa.Column('engines', sa.Integer(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('speed', sa.Integer(), nullable=True),
    sa.Column('engine', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('tailnum', name=op.f('pk_planes'))
    )
    op.create_table('weather',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('hour', sa.Integer(), nullable=False),
    sa.Column('temp', sa.Double(), nullable=True),
    sa.Column('dewp', sa.Double(), nullable=True),
    sa.Column('humid', sa.Double(), nullable=True),
    sa.Column('wind_dir', sa.Integer(), nullable=True),
    sa.Column('wind_speed', sa.Double(), nullable=True),
    sa.Column('wind_gust', sa.Double(), nullable=True),
    sa.Column('precip', sa.Double(), nullable=False),
    sa.Column('pressure', sa.Double(), nullable=True),
    sa.Column('visib', sa.Double(), nullable=False),
    sa.Column('time_hour', sa.DateTime(timezone=True), nullable=False),
    sa.Column('feels_like', sa.Double(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weather')),
    sa.UniqueConstraint('origin', 'time_hour', name=op.f('uq_weather_origin_time_hour'))
    )
    op.create_table('flight_legs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('carrier', sa.Text(), nullable=False),
    sa.Column('airport_id', sa.Integer(), nullable=True),
    sa.Column('distance_km', sa.Numeric(precision=8, scale=1), nullable=False),
    sa.Column('air_hours', sa.Numeric(precision=5, scale=2), nullable=True),
    sa.Column('remark', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['airport_id'], ['airports.id'], name=op.f('fk_flight_legs_airport_id_airports')),
    sa.ForeignKeyConstraint(['carrier'], ['airlines.carrier'], name=op.f('fk_flight_legs_carrier_airlines')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flight_legs')),
    sa.UniqueConstraint('reference', name=op.f('uq_flight_legs_reference'))
    )
    op.create_table('flights',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('day', sa.Integer(), nullable=False),
    sa.Column('dep_time', sa.Integer(), nullable=True),
    sa.Column('sched_dep_time', sa.Integer(), nullable=False),
    sa.Column('dep_delay', sa.Integer(), nullable=True),
    sa.Column('arr_time', sa.Integer(), nullable=True),
    sa.Column('sched_arr_time', sa.Integer(), nullable=False),
    sa.Column('arr_delay', sa.Integer(), nullable=True),
    sa.Column('carrier', sa.Text(), nullable=False),
    sa.Column('flight', sa.Integer(), nullable=False),
    sa.Column('tailnum', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('dest', sa.Text(), nullable=False),
    sa.Column('air_time', sa.Integer(), nullable=True),
    sa.Column('distance', sa.Integer(), nullable=False),
    sa.Column('hour', sa.Integer(), nullable=False),
    sa.Column('minute', sa.Integer(), nullable=False),
    sa.Column('time_hour', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['carrier'], ['airlines.carrier'], name=op.f('fk_flights_carrier_airlines')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_flights'))
    )


def downgrade() -> None:
    if op.get_context().opts["part"] not in ("target", "both"):
        return

    op.drop_table('flights')
    op.drop_table('flight_legs')
    op.drop_table('weather')
    op.drop_table('planes')
    op.drop_table('airports')
    op.drop_table('airlines')
