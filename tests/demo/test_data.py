"""The demo's files: published data, missing values as empty cells."""

import csv
from io import StringIO

import pytest

from dashboard.demo.data import FILES, flight_legs, published, without_na, write_files

AIRPORTS = b"faa,name\nIAH,Houston\n"
FLIGHTS = (
    b"year,month,day,dep_time,sched_dep_time,carrier,flight,origin,dest,air_time,distance\n"
    b"2013,1,2,517,515,UA,1545,EWR,IAH,227,1400\n"
    b"2013,1,2,,545,B6,725,JFK,IAH,,1576\n"
    b"2013,1,2,544,45,B6,725,JFK,BQN,183,1576\n"
)


def legs() -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(flight_legs(FLIGHTS, AIRPORTS).decode())))


def test_missing_values_become_empty_and_names_stay():
    assert without_na(b"a,NA,NA,b\nNAB,x,NA\n") == b"a,,,b\nNAB,x,\n"


@pytest.mark.parametrize(
    ("name", "rows"), [("airlines", 16), ("airports", 1458), ("planes", 3322), ("weather", 26115)]
)
def test_published_files_are_whole(name, rows):
    assert published(name).count(b"\n") == rows + 1


def test_a_leg_is_metric_and_has_a_reference():
    assert legs()[0] == {
        "reference": "2013-01-02/UA1545/EWR/0515",
        "day": "2013-01-02",
        "carrier": "UA",
        "airport": "IAH",
        "distance_km": "2253.1",
        "air_hours": "3.78",
        "remark": "",
    }


def test_a_cancelled_leg_says_so():
    assert (legs()[1]["remark"], legs()[1]["air_hours"]) == ("Cancelled", "")


def test_an_airport_in_no_list_is_a_remark():
    leg = legs()[2]
    assert (leg["airport"], leg["remark"]) == ("", "Bound for BQN")
    assert leg["reference"].endswith("/0045")


def test_files_that_are_there_stay(tmp_path):
    for name in FILES:
        (tmp_path / f"{name}.csv").write_bytes(b"mine\n")
    paths = write_files(tmp_path)
    assert {path.read_bytes() for path in paths.values()} == {b"mine\n"}
    assert list(paths) == list(FILES)
