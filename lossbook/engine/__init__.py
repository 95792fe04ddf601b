"""Formulas as data, and what is made of them."""
