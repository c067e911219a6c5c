/** Addresses and timings the terminal is built with. Each number says where it comes from; nothing here is secret. */

export const API_BASE = '/api/v1';
export const SOCKET_PATH = '/ws/v1/sessions';
export const SUBPROTOCOL = 'tradesim.v1';

/** No acknowledgement in this time makes a command's outcome unknown; it is then asked for by its id. */
export const COMMAND_TIMEOUT_MS = 2_000;
/** The server beats once a second; five missed ones mean that the line is dead. */
export const SILENCE_LIMIT_MS = 5_000;
export const HEARTBEAT_MS = 1_000;
export const BACKOFF_MIN_MS = 500;
export const BACKOFF_MAX_MS = 15_000;
/** The server closes a private stream with 1 000 unacknowledged frames; acknowledge long before that. */
export const ACK_EVERY_FRAMES = 100;
export const POLL_INTERVAL_MS = 2_000;
export const PREVIEW_DEBOUNCE_MS = 150;
export const DISARM_AFTER_MS = 600_000;
/** The tape keeps this many prints per symbol. */
export const TAPE_LENGTH = 200;
/** Renew the access token this long before it runs out. */
export const REFRESH_AHEAD_MS = 60_000;
