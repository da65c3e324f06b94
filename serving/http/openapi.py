"""The OpenAPI page: FastAPI's, with the problem object and the two ways to prove who one is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.http.schemas import Problem

ABOUT = """Read-only recommendations over the current release. Personal answers need an API key (`X-API-Key`) or the
person's own bearer token; errors are RFC 9457 problem objects."""
OLDER = "older names"
SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}


def description(app: FastAPI) -> dict[str, Any]:
    """Return what the API takes and gives, as OpenAPI has it; it is made once."""
    if app.openapi_schema is None:
        page = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
        components = page.setdefault("components", {})
        components["securitySchemes"] = SCHEMES
        components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        page["tags"] = _tags(page["paths"])
        app.openapi_schema = page
    return app.openapi_schema


def _tags(paths: Mapping[str, Mapping[str, dict[str, Any]]]) -> list[dict[str, str]]:
    """Return the groups of routes in their order, older names last; a route of an older name is in that group alone."""
    names: dict[str, None] = {}
    for route in (route for methods in paths.values() for route in methods.values()):
        if OLDER in route["tags"]:
            route["tags"] = [OLDER]
        names.update(dict.fromkeys(route["tags"]))
    return [{"name": name} for name in sorted(names, key=OLDER.__eq__)]


def allowed_methods(paths: Mapping[str, Mapping[str, Any]], path: str) -> list[str]:
    """Return the methods of a path, of its own entry before those with parameters; two routes may share a path."""
    if path in paths:
        return _with_head(paths[path])
    patterns = {re.sub(r"\{[^}]+\}", "[^/]+", template): methods for template, methods in paths.items()}
    matching = (methods for pattern, methods in patterns.items() if re.fullmatch(pattern, path))
    return _with_head(next(matching, {}))


def _with_head(methods: Iterable[str]) -> list[str]:
    names = {method.upper() for method in methods}
    return sorted(names | ({"HEAD"} if "GET" in names else set()))
