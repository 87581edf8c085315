"""Who may be sent a report: active people of this installation, and the domains it names."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from dashboard.errors import InputRefused
from dashboard.models.columns import table_of
from dashboard.models.user import User
from dashboard.settings import Settings

USER = table_of(User)


def check_recipients(connection: Connection, settings: Settings, addresses: Sequence[str]) -> None:
    """Raises InputRefused (field mailTo): no mail server is set, or an address is a stranger's."""
    if not addresses:
        return
    if not settings.smtp_url:
        raise refused(
            "This installation sends no mail. Set SMTP_URL (and MAIL_FROM), or leave mailTo out.",
            "mail_off",
        )
    if strangers := sorted(set(addresses) - allowed(connection, settings, addresses)):
        domains = ", ".join(settings.mail_domains) or "none"
        raise refused(
            f"{strangers[0]} belongs to nobody here. Mail goes to active users, and to the domains"
            f" of MAIL_DOMAINS (now: {domains}).",
            "mail_recipient",
        )


def allowed(connection: Connection, settings: Settings, addresses: Iterable[str]) -> set[str]:
    found = {a for a in addresses if a.rpartition("@")[2] in settings.mail_domains}
    active = select(USER.c.email).where(USER.c.active.is_(True), USER.c.email.in_(list(addresses)))
    return found | set(connection.scalars(active))


def refused(message: str, code: str) -> InputRefused:
    return InputRefused(message, code=code, details={"field": "mailTo"})
