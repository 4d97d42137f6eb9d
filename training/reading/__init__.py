"""Trains the reader: does this sentence answer this question?"""
