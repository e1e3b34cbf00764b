"""What the tests of taught code share: the code, out of the notebooks, and hard clients for it."""
