"""Settings of the LLM that may read wishes, and what every group of settings is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Section(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LlmSettings(Section):
    """An LLM that reads wishes, by an OpenAI-compatible endpoint; off until it has an address and a model."""

    base_url: str = Field(
        "", pattern=r"^(https?://[^\s/].*)?$", description="Where its API begins, such as https://host/v1; none is off."
    )
    model: str = Field("", max_length=200, description="The model that is asked.")
    key: SecretStr | None = Field(None, description="Its key, where it needs one.")
    timeout_seconds: float = Field(3.0, gt=0, le=60, description="Longest time that it may add to a wish.")
    requests_per_hour: int = Field(500, ge=0, description="Questions an hour of each worker; then it is not asked.")
    cached: int = Field(1000, ge=0, description="Answers that are kept in memory.")
    explanations: bool = Field(True, description="Whether it also says in a sentence why each film fits.")

    @property
    def is_on(self) -> bool:
        """Whether it is asked at all."""
        return bool(self.base_url and self.model)
