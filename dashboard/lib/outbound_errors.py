"""What can go wrong with an outbound call. Messages name the host, never a secret or an address."""

from dashboard.errors import JobEngineError


class OutboundError(JobEngineError):
    """Root of these: the other side did not do its part."""

    code = "outbound"
    status = 502
    permanent = False


class UrlRefused(OutboundError):
    """No URL that may be called, whoever answers there."""

    code = "url_refused"
    status = 422
    permanent = True


class UrlInsecure(UrlRefused):
    code = "url_insecure"


class AddressRefused(UrlRefused):
    """The host is, or leads to, an address outside of the public internet."""

    code = "address_refused"


class RedirectRefused(OutboundError):
    code = "redirect_refused"
    permanent = True


class DeadlinePassed(OutboundError):
    code = "deadline"


class BodyTooLarge(OutboundError):
    code = "body_too_large"
    permanent = True


class BodyCutOff(OutboundError):
    code = "body_cut_off"


class NotReachable(OutboundError):
    code = "not_reachable"


class TlsFailed(OutboundError):
    code = "tls_failed"
    permanent = True


class BadAnswer(OutboundError):
    """The answer is not HTTP as we understand it."""

    code = "bad_answer"
    permanent = True


class BadStatus(OutboundError):
    """Not a 2xx answer; `details["status"]` is the number."""

    code = "bad_status"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, details={"status": status})
        self.permanent = status not in (408, 425, 429) and status < 500
