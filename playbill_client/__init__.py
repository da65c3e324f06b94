"""A typed client of Playbill's API, sync and async; needs httpx and nothing else. README.md beside this shows it."""

from playbill_client.calls import Event, Rating
from playbill_client.clients import AsyncPlaybillClient, PlaybillClient
from playbill_client.errors import PlaybillApiError, PlaybillClientError, PlaybillUnreachableError
from playbill_client.wire import Retries

__all__ = [
    "AsyncPlaybillClient",
    "Event",
    "PlaybillApiError",
    "PlaybillClient",
    "PlaybillClientError",
    "PlaybillUnreachableError",
    "Rating",
    "Retries",
]
