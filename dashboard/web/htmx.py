"""htmx-flask in one place: which requests want a fragment, and what answers to them carry."""

from typing import Any

from flask import render_template
from htmx_flask import make_response, request
from werkzeug.wrappers import Response


def is_fragment() -> bool:
    """Asked by htmx for a part of a page; a boosted link and a restored history want all of it."""
    htmx = request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def fragment(template: str, **context: Any) -> Response:
    """One partial. The same address may answer with a page, so caches must tell them apart."""
    response: Response = make_response(render_template(template, **context))
    response.vary.add("HX-Request")
    return response


def page_or_fragment(page: str, partial: str, **context: Any) -> Response:
    """The partial for htmx, the page that includes it for everybody else."""
    return fragment(partial if is_fragment() else page, **context)
