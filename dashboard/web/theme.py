"""Light, dark or as the system: a cookie, so that the first paint is right without script."""

from flask import Blueprint, Flask, current_app, redirect, request
from flask.typing import ResponseReturnValue

from dashboard.errors import InputRefused
from dashboard.web.guard import public
from dashboard.web.safe_next import safe_next

bp = Blueprint("theme", __name__)

COOKIE = "theme"
THEMES = ("auto", "light", "dark")
SECONDS = 365 * 24 * 3600


@bp.post("/theme", endpoint="set")
@public
def set_theme() -> ResponseReturnValue:
    theme = request.form.get("theme")
    if theme not in THEMES:
        raise InputRefused(f"There is no such theme. Use one of {', '.join(THEMES)}.")
    response = redirect(safe_next(request.form.get("next")) or "/", 303)
    response.set_cookie(
        COOKIE,
        theme,
        max_age=SECONDS,
        samesite="Lax",
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def chosen_theme() -> dict[str, str]:
    theme = request.cookies.get(COOKIE, "auto")
    return {"theme": theme if theme in THEMES else "auto"}


def init_theme(app: Flask) -> None:
    app.context_processor(chosen_theme)
