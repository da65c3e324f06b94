"""The same tiny set as the models'."""

from tests.pipelines.models.conftest import films, histories

__all__ = ["films", "histories"]
