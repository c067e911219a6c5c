"""What you prefer: preferences, layouts of the terminal, and the accounts you start exchanges with."""
