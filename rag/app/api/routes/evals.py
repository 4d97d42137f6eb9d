"""Evaluations, started and read over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/v1/eval", tags=["eval"])
