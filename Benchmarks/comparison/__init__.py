"""The driver behind `make bench`: what is compared, how it is run, and how it is reported."""
