"""What a trader asked for and what came of it: the order service and its execution reports."""
