"""What each role may do. One table; every route names one permission of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from dashboard.models.user import Role


class Permission(StrEnum):
    """A right, named by what it opens."""

    JOBS_VIEW_OWN = "jobs.view_own"
    JOBS_VIEW_ALL = "jobs.view_all"
    JOBS_RUN = "jobs.run"
    JOBS_CHANGE_OWN = "jobs.change_own"
    JOBS_CHANGE_ALL = "jobs.change_all"
    SCHEDULES_USE = "schedules.use"
    SYNCS_MANAGE = "syncs.manage"
    USERS_MANAGE = "users.manage"
    AUDIT_VIEW = "audit.view"
    ACCOUNT_USE = "account.use"


P = Permission

OWN_JOBS = frozenset(
    {P.JOBS_VIEW_OWN, P.JOBS_RUN, P.JOBS_CHANGE_OWN, P.SCHEDULES_USE, P.ACCOUNT_USE}
)

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: frozenset({P.JOBS_VIEW_OWN, P.JOBS_VIEW_ALL, P.ACCOUNT_USE}),
    Role.STAFF: OWN_JOBS,
    Role.INTEGRATOR: OWN_JOBS,
}


class Person(Protocol):
    """What is asked about: a User, or whoever a token stands for."""

    @property
    def id(self) -> int: ...

    @property
    def role(self) -> str: ...


def may(person: Person, permission: Permission) -> bool:
    return permission in ROLE_PERMISSIONS.get(Role(person.role), frozenset())
