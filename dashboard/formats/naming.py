"""Names for columns: unique, never blank, and as written wherever that is possible."""

from collections.abc import Callable, Sequence


def unique_names(headers: Sequence[str], *, same: Callable[[str], str] = str) -> tuple[str, ...]:
    """One name per header: a blank one becomes `column_N` (N from 1), a doubled one `name_2`.

    A header that stands there once keeps its name whatever the others become. `same` tells which
    names count as one: `str.casefold` for tables that ignore case.
    """
    taken = {same(header) for header in headers if header.strip()}
    given = set[str]()
    names = []
    for number, header in enumerate(headers, 1):
        name = header
        if not header.strip():
            name = free_name(f"column_{number}", taken, same)
        elif same(header) in given:
            name = free_name(header, taken, same, first=2)
        taken.add(same(name))
        given.add(same(name))
        names.append(name)
    return tuple(names)


def free_name(name: str, taken: set[str], same: Callable[[str], str], first: int = 1) -> str:
    """`name` itself when `first` is 1 and nobody has it, else with the first free number."""
    number = first
    while same(found := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return found
