"""The demo: invented institutions, lectures made by script, a centre, accounts. For `make run` and the tests."""
