"""Marks on views: which permission each asks for, or that it is public. Pages and API read them.

An unmarked view stops the application at start-up, so none can be forgotten.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from dashboard.auth.permissions import Permission

MARK = "jobengine_guard"
PUBLIC = "public"
# Below it nobody is known by a session: see dashboard/api/guard.py.
API_PREFIX = "/api"

View = TypeVar("View", bound=Callable[..., Any])


def requires(permission: Permission) -> Callable[[View], View]:
    """Goes under the route decorator, directly above the view."""

    def mark(view: View) -> View:
        setattr(view, MARK, permission)
        return view

    return mark


def public(view: View) -> View:
    """Open to everybody, signed in or not."""
    setattr(view, MARK, PUBLIC)
    return view


def mark_of(view: Callable[..., Any] | None) -> Permission | str | None:
    """The permission a view asks for, PUBLIC, or None when it is not marked."""
    return getattr(view, MARK, None)


def under_api(path: str) -> bool:
    return path == API_PREFIX or path.startswith(f"{API_PREFIX}/")
