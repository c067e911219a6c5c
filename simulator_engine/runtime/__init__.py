"""One session at run time: the clock, the single-writer loop, the output gate, the journal client, the feed."""
