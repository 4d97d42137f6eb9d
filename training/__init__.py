"""Recipes that make the files the product ships: the bilingual model (and the translation table)."""
