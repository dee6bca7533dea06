"""Studies: several systems, several seeds, one table of means and spreads."""
