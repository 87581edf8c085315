"""Who may do what, said once more by hand: a slip in the table must not pass."""

import pytest

from dashboard.auth.permissions import ROLE_PERMISSIONS, Permission, may
from dashboard.models.user import Role, User

OWN = {"jobs.view_own", "jobs.run", "jobs.change_own", "schedules.use", "account.use"}
EXPECTED = {
    "admin": {*OWN, "jobs.view_all", "jobs.change_all", "syncs.manage"}
    | {"users.manage", "audit.view"},
    "manager": {"jobs.view_own", "jobs.view_all", "account.use"},
    "staff": OWN,
    "integrator": OWN,
}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_exactly_this(role: Role) -> None:
    person = User(id=1, role=str(role))
    assert {str(p) for p in Permission if may(person, p)} == EXPECTED[role]


def test_every_role_is_in_the_table() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)


def test_managers_change_nothing() -> None:
    assert not any("change" in p or "run" in p for p in ROLE_PERMISSIONS[Role.MANAGER])
