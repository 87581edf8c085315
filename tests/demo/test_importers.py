"""The demo's hooks and what is derived for its types."""

from io import BytesIO

import pandas as pd
import pytest

from dashboard.demo import importers
from dashboard.demo.data import published
from dashboard.demo.importers import FlightImporter, FlightLegImporter, WeatherImporter

NUMBERS = "double[pyarrow]"


def weather(**columns: list[float | None]) -> pd.DataFrame:
    names = ("temp", "dewp", "wind_speed", "wind_gust")
    cells = {name: columns.get(name, [None]) for name in names}
    return pd.DataFrame({n: pd.array(c, dtype=NUMBERS) for n, c in cells.items()}, index=[2])


@pytest.mark.parametrize(
    ("temp", "wind", "felt"),
    [(30, 10, 21.25), (50, 2.9, 50), (51, 30, 51), (20, None, 20), (0, 15, -19.4)],
)
def test_wind_chill(temp, wind, felt):
    frame = WeatherImporter().transform(weather(temp=[temp], wind_speed=[wind]))
    assert frame["feels_like"][2] == pytest.approx(felt, abs=0.05)


def test_without_a_temperature_nothing_is_felt():
    frame = WeatherImporter().transform(weather(wind_speed=[12.0]))
    assert pd.isna(frame["feels_like"][2])


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"temp": [40.0], "dewp": [40.1]}, "dewp"),
        ({"wind_speed": [20.0], "wind_gust": [19.0]}, "wind_gust"),
    ],
)
def test_an_impossible_observation_is_refused_by_row(cells, column):
    refused = [r for r in WeatherImporter().validate(weather(**cells)) if r.rows]
    assert [(r.column, list(r.rows)) for r in refused] == [(column, [2])]


def test_a_blank_is_no_contradiction():
    frame = weather(temp=[40.0], wind_speed=[20.0])
    assert not any(refused.rows for refused in WeatherImporter().validate(frame))


def test_a_leg_names_its_airport_by_code():
    field = FlightLegImporter().describe().field("airport")
    assert (field.column, field.reference.key, field.required) == ("airport_id", "faa", False)


def test_flights_refer_to_carriers_only():
    fields = FlightImporter().describe().fields
    assert [field.name for field in fields if field.reference] == ["carrier"]


def test_every_real_observation_is_plausible():
    frame = pd.read_csv(BytesIO(published("weather")), dtype_backend="pyarrow")
    assert not any(refused.rows for refused in WeatherImporter().validate(frame))
    assert WeatherImporter().transform(frame)["feels_like"].notna().sum() == len(frame) - 1


TYPES = [name for name in vars(importers) if name.endswith("Importer") and name != "Importer"]


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_fields_to_fill(name):
    assert getattr(importers, name)().describe().fields
