"""The runner behind `make run`: prepare, start web and consumers, stop them together."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config import SettingError, Settings, from_environment

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
STOP_SECONDS = 10.0
START_SECONDS = 60.0
FORCE_AFTER_SECONDS = 1.0
SHORT_LIFE_SECONDS = 2.0
SHORT_LIVES = 3

WEB = "gunicorn wsgi:app -k gthread -w 1 --threads 64 --timeout 60 --graceful-timeout 3 \
--no-control-socket --log-level warning -b {host}:{port}"
JOBS = "huey_consumer tasks.jobs_queue -k process -w {workers} -n -q \
-d 0.02 -m 0.05 -c 2 -s 1 -g TERM -t 7"
EVENTS = "huey_consumer tasks.events_queue -k thread -w 4 -n -q \
-d 0.02 -m 0.25 -c 2 -s 1 -g TERM -t 7"


class StartRefused(Exception):
    """Something must be put right before anything can start; the message says what."""


@dataclass(slots=True)
class Service:
    """A child process, in a session of its own so that the terminal's Ctrl-C passes it by."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    short_lives: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, cwd=ROOT, start_new_session=True)
        self.started = time.monotonic()

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """To the whole session when it kills: workers must not outlive their parent."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.running:
                self.process.send_signal(number)

    def may_restart(self) -> bool:
        """Killed from outside, not ended by a fault of its own, and not over and over."""
        lived = time.monotonic() - self.started
        self.short_lives = self.short_lives + 1 if lived < SHORT_LIFE_SECONDS else 0
        return (self.exit_code or 0) < 0 and self.short_lives < SHORT_LIVES


class Runner:
    """Keeps the services together: all run, or all stop."""

    def __init__(self, services: list[Service]) -> None:
        self.services = services
        self.stop_asked: float | None = None
        self.force = False

    def install_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """`make` and the terminal may both pass on one Ctrl-C: only a later one forces."""
        now = time.monotonic()
        if self.stop_asked is None:
            self.stop_asked = now
        elif now - self.stop_asked > FORCE_AFTER_SECONDS:
            self.force = True

    def run(self, settings: Settings, login: str) -> int:
        for service in self.services:
            service.start()
        announced = False
        while self.stop_asked is None:
            ended = next((s for s in self.services if not s.running), None)
            if ended and not self.restart(ended):
                self.stop()
                return 1
            if not announced and answers(settings):
                announced = True
                announce(settings, login)
            time.sleep(0.1)
        say("Stopping (Ctrl-C again to force) ...")
        self.stop()
        return 0

    def restart(self, service: Service) -> bool:
        code = service.exit_code
        if not service.may_restart():
            say(f"The {service.name} ended (exit code {code}); stopping the rest. See above.")
            return False
        say(f"The {service.name} was killed (signal {-(code or 0)}); starting it again.")
        service.start()
        return True

    def stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for service in self.services:
            service.signal(signal.SIGTERM)
        while any(s.running for s in self.services):
            if self.force or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for service in self.services:
            if service.running:
                say(f"The {service.name} did not stop in time; killing it.")
            service.signal(signal.SIGKILL)


def say(text: str) -> None:
    print(text, flush=True)


def services(settings: Settings) -> list[Service]:
    """The three commands, for anyone who starts them by hand or under a supervisor too."""
    values = {"host": settings.host, "port": settings.port, "workers": settings.workers}
    lines = {"web server": WEB, "jobs consumer": JOBS, "events consumer": EVENTS}
    commands = {name: shlex.split(line.format(**values)) for name, line in lines.items()}
    return [Service(name, [str(BIN / words[0]), *words[1:]]) for name, words in commands.items()]


def refuse_taken_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise StartRefused(
                f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}."
                f" Stop what runs there, or choose another: PORT={settings.port + 1} make run"
            ) from error


def prepare() -> str:
    """Migrations, first admin, demo data. Returns what `setup` says about signing in."""
    run_flask("db", "upgrade")
    return run_flask("setup")


def run_flask(*words: str) -> str:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(done.stdout, end="")
        raise StartRefused(f"`flask {' '.join(words)}` failed; the reason stands above.")
    return done.stdout.strip()


def reachable_host(settings: Settings) -> str:
    return "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host


def answers(settings: Settings) -> bool:
    with (
        suppress(OSError),
        socket.create_connection((reachable_host(settings), settings.port), timeout=0.5),
    ):
        return True
    return False


def announce(settings: Settings, login: str) -> None:
    url = settings.public_url or f"http://{reachable_host(settings)}:{settings.port}"
    say(f"\n  JobEngine runs at {url}")
    for line in login.splitlines():
        say(f"  {line}")
    say("  Ctrl-C stops it.\n")


def main() -> int:
    try:
        settings = from_environment()
        refuse_taken_port(settings)
        login = prepare()
    except (StartRefused, SettingError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    runner = Runner(services(settings))
    runner.install_signals()
    return runner.run(settings, login)


if __name__ == "__main__":
    sys.exit(main())
