"""What a token may be limited to. Without scopes it may do all its person's role allows."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from dashboard.auth.permissions import Permission
from dashboard.errors import InputRefused

P = Permission


class Scope(StrEnum):
    """A part of the API, named by what it opens."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"


SCOPE_PERMISSIONS: Mapping[Scope, frozenset[Permission]] = {
    Scope.JOBS_READ: frozenset({P.JOBS_VIEW_OWN, P.JOBS_VIEW_ALL}),
    Scope.JOBS_WRITE: frozenset(
        {P.JOBS_RUN, P.JOBS_CHANGE_OWN, P.JOBS_CHANGE_ALL, P.SCHEDULES_USE}
    ),
}


def checked_scopes(names: Iterable[str]) -> list[Scope]:
    """Sorted, each once; raises InputRefused naming an unknown one."""
    known = {str(scope) for scope in Scope}
    for name in names:
        if name not in known:
            raise InputRefused(
                f"There is no scope {name!r}. Use {', '.join(sorted(known))}.",
                code="scope_unknown",
                details={"scope": name},
            )
    return sorted({Scope(name) for name in names})


def scopes_allow(scopes: Iterable[str], permission: Permission) -> bool:
    """No scopes at all: nothing is limited. A scope that is gone opens nothing."""
    scopes = list(scopes)
    known = [Scope(name) for name in scopes if name in set(Scope)]
    return not scopes or any(permission in SCOPE_PERMISSIONS[scope] for scope in known)
