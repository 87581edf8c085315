"""Which pages of other origins may call the API from a browser; cookies are never part of it."""

from flask import Response, request

from dashboard.api.engine import settings
from dashboard.auth.guards import under_api

METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
SENT = "Authorization, Content-Type, Idempotency-Key, If-None-Match, Range"
READ = "Location, ETag, Retry-After, Content-Disposition, Content-Range, Accept-Ranges"
REMEMBERED_SECONDS = "600"


def add_cors(response: Response) -> Response:
    """After every request: nothing for pages, nothing for origins that are not named."""
    origin = request.headers.get("Origin")
    if not under_api(request.path):
        return response
    allowed = settings().cors_origins
    if "*" not in allowed:
        response.vary.add("Origin")
    if origin is None or not ({origin, "*"} & set(allowed)):
        return response
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
    response.headers["Access-Control-Expose-Headers"] = READ
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = REMEMBERED_SECONDS
    return response
