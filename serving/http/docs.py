"""The reference that people read: /openapi.json, /docs and /redoc, with every script and style served from here.

Nothing is loaded from elsewhere, so the pages work without a network and nobody else learns who reads them. The
scripts are Swagger UI and ReDoc as the package fastapi-standalone-docs carries them, with their licences; the package
itself patches FastAPI's functions for every application of a process, so only its files are used.
"""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from serving.context import context_of
from serving.exposure import is_open
from serving.http.examples import examples_of, with_examples
from serving.http.openapi import description

ASSETS = "/docs/assets"
KEPT = {"Cache-Control": "public, max-age=300"}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playbill API</title>
<link rel="icon" href="data:,">
{head}
</head>
<body style="margin:0">
{body}
</body>
</html>
"""
SWAGGER = PAGE.format(
    head=f'<link rel="stylesheet" href=".{ASSETS}/swagger/swagger-ui.css">',
    body=f'<div id="swagger-ui"></div>\n<script src=".{ASSETS}/swagger/swagger-ui-bundle.js"></script>\n'
    '<script src="./docs/start.js"></script>',
)
START = """SwaggerUIBundle({
  url: "./openapi.json", dom_id: "#swagger-ui", deepLinking: true, layout: "BaseLayout", tryItOutEnabled: true,
});
"""
REDOC = PAGE.format(
    head="",
    body=f'<redoc spec-url="./openapi.json" disable-search="false"></redoc>\n'
    f'<script src=".{ASSETS}/redoc/redoc.standalone.js"></script>',
)


class Reference:
    """The OpenAPI page as bytes, made once a release."""

    def __init__(self) -> None:
        self._made: tuple[str, bytes] = ("", b"")

    def page(self, request: Request) -> tuple[str, bytes]:
        """Return (ETag, page); its examples are of the release that is served, if there is one."""
        context = context_of(request)
        snapshot = context.snapshots.current
        tag = snapshot.etag if snapshot is not None else 'W/"none"'
        if self._made[0] != tag:
            page = description(request.app)
            if snapshot is not None:
                page = with_examples(page, examples_of(snapshot, everybody=is_open(context.settings)))
            self._made = tag, json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
        return self._made


def add_docs(app: FastAPI) -> None:
    """Add the pages to an application that was made without FastAPI's own."""
    reference = Reference()

    async def openapi(request: Request) -> Response:
        tag, body = await asyncio.to_thread(reference.page, request)
        headers = {**KEPT, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)

    async def swagger(_request: Request) -> Response:
        return HTMLResponse(SWAGGER)

    async def redoc(_request: Request) -> Response:
        return HTMLResponse(REDOC)

    async def start(_request: Request) -> Response:
        return Response(START, media_type="text/javascript", headers=KEPT)

    for path, page in (("/openapi.json", openapi), ("/docs", swagger), ("/redoc", redoc), ("/docs/start.js", start)):
        app.add_route(path, page, include_in_schema=False)
    app.mount(ASSETS, StaticFiles(directory=str(files("fastapi_standalone_docs") / "static")))
