"""Where simulators listen and with which certificates: from settings to what the engine's client and server take."""

from __future__ import annotations

from django.conf import settings

from simulator_engine.config import TlsFiles


def tls_files() -> TlsFiles | None:
    """The PEM files for mutual TLS between our services; None on a laptop, where sockets are the user's own."""
    files: dict[str, str] = getattr(settings, "GRPC_TLS", {})
    if not all(files.get(part) for part in ("ca", "cert", "key")):
        return None
    return TlsFiles(certificate=files["cert"], key=files["key"], authority=files["ca"])
