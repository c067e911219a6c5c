"""One module per way of running: dev (a laptop), test, prod. Only these read tradesim.env."""
