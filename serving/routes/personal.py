"""Answers about one person that are worked out on demand, from the release that they are served from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import Request, Response

from pipelines.people.identity import of_request
from serving.context import context_of
from serving.http.replies import PERSONAL, json_reply, unchanged
from serving.snapshot import Snapshot


async def personal(
    request: Request, user_id: str, make: Callable[[Snapshot, str], bytes], *, counted: bool = False
) -> Response:
    """Answer whoever may read somebody's list; a caller that has this release's answer gets a 304.

    Parameters
    ----------
    make : callable
        From the release and the user to the answer's JSON, off the event loop; raises Problem where there is none.
    counted : bool
        Whether it costs what a live list costs, and counts as one.
    """
    context = context_of(request)
    user = of_request(user_id)
    await context.access.require(request, user)
    snapshot = context.snapshot_for(user)
    same = unchanged(request, snapshot, PERSONAL)
    if same is not None:
        return same
    if counted:
        context.allow_wish(request)
    body = await asyncio.to_thread(make, snapshot, user)
    return json_reply(body, {**PERSONAL, "ETag": snapshot.etag})
