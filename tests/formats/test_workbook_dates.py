"""What number formats make of a number."""

import pytest

from dashboard.formats.workbook_dates import Shown, shown_by

N, D, M, T, E = Shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("General", N),
        ("0.00", N),
        ("#,##0.00;[Red]-#,##0.00", N),
        ("0.00E+00", N),
        ("@", N),
        ('0 "days"', N),
        ("0\\d", N),
        ("_-* #,##0 _d_-", N),
        ("[Red]0", N),
        ("[$-409]General", N),
        ("yyyy-mm-dd", D),
        ("m/d/yy", D),
        ("mmm", D),
        ("[$-409]d\\-mmm\\-yy;@", D),
        ('yyyy"年"m"月"d"日"', D),
        ("dd.mm.yyyy hh:mm", M),
        ("m/d/yy h:mm AM/PM", M),
        ("yyyy\\-mm\\-dd\\Thh:mm:ss.000", M),
        ("h:mm", T),
        ("mm:ss", T),
        ("hh:mm:ss AM/PM", T),
        ("[h]:mm:ss", E),
        ("[mm]:ss", E),
        ("[Red][ss].00", E),
    ],
)
def test_a_format_decides(code, shown):
    assert shown_by(code) is shown
