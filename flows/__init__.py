"""Entry points: the Prefect flow, its deployment and the `playbill` command."""
