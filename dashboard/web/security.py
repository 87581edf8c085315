"""What every answer carries: headers, cookie flags, limits; and who is asking."""

from datetime import timedelta

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard.settings import Settings

# Connections to this very host only, nothing inline, nothing evaluated.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # CSRF protection over https needs the Referer within the site: never `no-referrer`.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000"
REMEMBER = timedelta(days=14)
# Multipart boundaries and the other fields around an upload.
FORM_OVERHEAD = 64 * 1024


def configure_security(app: Flask, settings: Settings) -> None:
    """Cookie flags and limits; before the extensions read them."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        # `__Host-` makes browsers insist on https, this host alone and the whole path.
        SESSION_COOKIE_NAME="__Host-jobengine" if settings.production else "jobengine",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A poll in flight during sign-out would otherwise bring the old cookie back.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=REMEMBER,
        # The token lives as long as the session: an open dashboard must not go stale.
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + FORM_OVERHEAD,
    )


def init_security(app: Flask, settings: Settings) -> None:
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )

    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.production and request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        # The back button must not show pages of somebody who has signed out.
        if request.endpoint != "static" and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add_headers)


def client_address() -> str:
    """The address that asks; behind TRUSTED_PROXIES the one the outermost of them saw."""
    return request.remote_addr or ""
