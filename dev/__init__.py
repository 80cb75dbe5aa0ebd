"""Commands for people who work on the project: set-up, demo start, tests. The product imports nothing from here."""
