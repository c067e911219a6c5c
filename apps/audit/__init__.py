"""The record of who did what: append-only and hash-chained. Nothing here changes or deletes a row."""
