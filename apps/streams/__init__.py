"""How facts reach the browser: frames, bounded outboxes, one bridge a session, and its doors."""
