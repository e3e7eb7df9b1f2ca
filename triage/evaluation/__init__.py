"""Measures what the product does on labelled data, through its own code paths and on throw-away databases."""
