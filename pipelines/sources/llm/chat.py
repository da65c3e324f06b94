"""One question to an OpenAI-compatible chat endpoint, answered in JSON of a given schema."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from pipelines.settings_llm import LlmSettings
from pipelines.sources.http import NO_SECRET, RETRIED_STATUS, Policy, Reply, Secret, Service, Transport, TryAgainError
from warehouse.errors import SourceFormatError, SourceUnavailableError

LONGEST_ANSWER_TOKENS = 1000
ANSWER_BYTES = 1 << 18


class Chat:
    """Asks one model; keep it and close it. Nobody retries: whoever asks has something else to fall back on."""

    def __init__(self, settings: LlmSettings, transport: Transport | None = None) -> None:
        self._model = settings.model
        key = settings.key.get_secret_value() if settings.key else ""
        seconds = settings.timeout_seconds
        policy = Policy(timeout_seconds=seconds, answer_seconds=seconds, answer_bytes=ANSWER_BYTES, attempts=1)
        self._service = Service(
            "the LLM", f"{settings.base_url.rstrip('/')}/", policy, transport=transport,
            secret=Secret(headers={"Authorization": f"Bearer {key}"}) if key else NO_SECRET,
        )  # fmt: skip

    async def ask(self, system: str, user: str, schema: Mapping[str, Any], *, seconds: float) -> str:
        """Return the answer's text, which should be JSON of the schema; the caller checks that.

        Raises
        ------
        SourceUnavailableError
            If there is no answer within ``seconds``, or a refusal.
        SourceFormatError
            If it is not a chat's answer, or is cut short.
        """
        body = {
            "model": self._model, "temperature": 0, "max_tokens": LONGEST_ANSWER_TOKENS,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "response_format": {
                "type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema},
            },
        }  # fmt: skip
        try:
            async with asyncio.timeout(seconds):
                return await self._service.ask("chat/completions", _content, body=json.dumps(body).encode())
        except TimeoutError:
            raise SourceUnavailableError(f"the LLM did not answer within {seconds:.1f} s") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._service.aclose()


def _content(reply: Reply) -> str:
    if reply.status in RETRIED_STATUS:
        raise TryAgainError.after(reply.status, reply.headers, reply.phrase)
    if not reply.is_success:
        raise SourceUnavailableError(f"the LLM refused the question: {reply.phrase}")
    try:
        choice = reply.json()["choices"][0]
        content, reason = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise SourceFormatError("the LLM's answer is not a chat completion") from None
    if not isinstance(content, str):
        raise SourceUnavailableError("the LLM refused to answer")
    if reason == "length":
        raise SourceFormatError("the LLM's answer is cut short")
    return content
