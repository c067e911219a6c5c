"""What a trader owns: ledger, positions and account, as the journal's events left them."""
