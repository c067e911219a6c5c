"""The only reader of the process environment. Everything else asks settings.

Secrets come from NAME, or from the file that NAME_FILE points to. Nothing here may print a value.
"""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent
_env = environ.Env()
if (ROOT / ".env").is_file():
    environ.Env.read_env(ROOT / ".env")

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS; leave room for the file's own name.
_LONGEST_SOCKET_FOLDER = 70


def text(name: str, default: str = "") -> str:
    """The variable as text, or ``default``."""
    return str(_env.str(name, default=default))


def flag(name: str, default: bool) -> bool:
    """The variable as a boolean (true/false, 1/0, yes/no), or ``default``."""
    return bool(_env.bool(name, default=default))


def number(name: str, default: int) -> int:
    """The variable as an integer, or ``default``. Raises ImproperlyConfigured when it is not one."""
    return int(_env.int(name, default=default))


def words(name: str, default: list[str] | None = None) -> list[str]:
    """The variable split at commas, without empty items."""
    return [item.strip() for item in _env.list(name, default=default or []) if item.strip()]


def secret(name: str) -> str:
    """The secret NAME, or the content of the file NAME_FILE; empty when neither is given."""
    path = text(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            return ""
    return text(name)


def database(name: str = "DATABASE_URL") -> dict[str, object]:
    """Django's database dictionary parsed from a URL, or an empty one when the variable is not set."""
    url = secret(name)
    return dict(_env.db_url_config(url)) if url else {}


def var_folder() -> Path:
    """Where this installation keeps what it writes: TRADESIM_VAR, else ``var`` beside manage.py."""
    return Path(text("TRADESIM_VAR") or ROOT / "var").resolve()


def throwaway_var_folder() -> Path:
    """A fresh private folder for one test run, unless TRADESIM_VAR names one.

    The choice is written back to the environment, so that processes started by the tests share it.
    """
    if not text("TRADESIM_VAR"):
        os.environ["TRADESIM_VAR"] = tempfile.mkdtemp(prefix="tradesim-test-")
    return var_folder()


def run_folder(var: Path) -> Path:
    """A folder for sockets and locks whose path is short enough for a Unix socket; only its owner may
    enter.
    """
    folder = var / "run"
    if len(str(folder)) > _LONGEST_SOCKET_FOLDER:
        digest = hashlib.blake2b(str(var).encode(), digest_size=6).hexdigest()
        folder = Path(tempfile.gettempdir()) / f"tradesim-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def kept_secret(var: Path, name: str, *, size: int = 64) -> str:
    """A random secret of ``size`` bytes made once for this installation and kept in ``var/secrets`` with
    mode 600.
    """
    folder = var / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(size))
    value = path.read_text(encoding="ascii").strip()
    if not value:  # another process has made the file and not written it yet, or died in between
        value = secrets.token_urlsafe(size)
        path.write_text(value, encoding="ascii")
    return value
