"""The demo: three invented institutions, their lectures made by script, a centre, accounts. For `make run` and tests."""
