"""Fits `rag/answer/abstain.json`: when the documents do not hold the answer."""
