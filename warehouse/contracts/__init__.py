"""The contracts: every relation Playbill writes, column by column, as code.

`core` holds what the SQL files build, `release` what a release publishes, `ledgers` what each run appends.
"""
