"""The WSGI application, for gunicorn and the flask command."""

from dashboard.app import start

app = start()
