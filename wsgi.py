"""The WSGI application, for gunicorn and the flask command."""

from config import from_environment
from dashboard.app import start

app = start(from_environment)
