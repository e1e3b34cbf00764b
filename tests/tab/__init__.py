"""The site that runs in a browser tab: ``make test-tab``."""
