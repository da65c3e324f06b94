"""The gate's thresholds: what a challenger must show to take the champion's place."""

from __future__ import annotations

from pydantic import Field

from pipelines.settings_llm import Section


class GateSettings(Section):
    """What the gate asks of a new model; the protocol it looks at is PLAYBILL_TRAINING__GATE."""

    min_people: int = Field(30, ge=2, description="People who must have been measured for anything to be told.")
    refresh_loss: float = Field(
        0.05, ge=0, le=1, description="Share of its nDCG@10 that the champion's recipe may lose on fresh ratings."
    )
    coverage: float = Field(0.8, ge=0, description="Films listed, at least so many times the champion's.")
    full_lists: float = Field(1.0, ge=0, le=1, description="Lists that must be full, unless the champion has fewer.")
    short_histories: float = Field(
        0.95, ge=0, description="nDCG@10 of people with at most five ratings, at least so many times the champion's."
    )
    overlap: float = Field(0.3, ge=0, le=1, description="Share of the ten films that a refresh must leave in lists.")
    exposure: float = Field(
        1.5, ge=1, description="Places that go to the ten most listed films, at most so many times the champion's."
    )
    exposure_allowed: float = Field(0.25, ge=0, le=1, description="Share of places that they may always take.")
