"""The one tree of errors that Playbill raises on purpose.

::

    PlaybillError
    ├── ConfigError             a setting or an option is missing or wrong
    ├── SourceError             a source cannot be read
    │   ├── SourceUnavailableError   it does not answer, or the download failed
    │   ├── SourceFormatError        its content is not what the source promises
    │   └── TooManyBadRowsError      more than 1 % of its rows are unusable
    ├── WarehouseError          the lake or the warehouse cannot be used
    │   ├── WarehouseBusyError       another run is writing
    │   ├── EmptyLakeError           nothing has landed yet
    │   ├── DamagedFileError         a file is not what was written there
    │   ├── ContractError            a relation differs from its contract
    │   └── QualityError             an `error` check found rows
    ├── ReleaseError            a release cannot be used
    │   ├── NoReleaseError           nothing has been published yet
    │   ├── UnknownReleaseError      no release has that id
    │   └── BrokenReleaseError       its files differ from its manifest
    ├── ModelError              a model cannot be trained or used
    │   ├── UnknownModelError        no model or recipe has that name
    │   ├── NotFittedError           it has not been fitted or loaded
    │   ├── NotEnoughDataError       too few ratings to learn from
    │   └── ModelFormatError         its saved files are not of this version
    ├── UnknownFilmError        the release does not hold that film
    └── UnknownUserError        no list is stored for that user

A message names the table, model, file or release, what was found and what was expected, and what to do.
The command line prints it as its one line; the exit code of each class is ``exit_code``.
"""

from __future__ import annotations


class PlaybillError(Exception):
    """Something went wrong that the message explains and the reader can mend."""

    exit_code = 1


class ConfigError(PlaybillError):
    """A setting or an option is missing or has a value that cannot be used."""

    exit_code = 2


class SourceError(PlaybillError):
    """A source of ratings or films cannot be read."""


class SourceUnavailableError(SourceError):
    """The source does not answer, or its download failed."""


class SourceFormatError(SourceError):
    """The source's content is not what that source promises."""


class TooManyBadRowsError(SourceError):
    """More than the allowed share of a source's rows are unusable."""


class WarehouseError(PlaybillError):
    """The lake or the warehouse cannot be used."""


class WarehouseBusyError(WarehouseError):
    """Another run holds the warehouse; only one may write at a time."""


class EmptyLakeError(WarehouseError):
    """Nothing has landed in the lake yet."""


class DamagedFileError(WarehouseError):
    """A file is missing, or its content is not what was written there."""


class ContractError(WarehouseError):
    """A relation's columns differ from what its contract says."""


class QualityError(WarehouseError):
    """A quality check of severity `error` found offending rows."""


class ReleaseError(PlaybillError):
    """A release cannot be used."""


class NoReleaseError(ReleaseError):
    """Nothing has been published yet."""


class UnknownReleaseError(ReleaseError):
    """No release has that id."""


class BrokenReleaseError(ReleaseError):
    """A release's files differ from what its manifest says."""


class ModelError(PlaybillError):
    """A model cannot be trained or used."""


class UnknownModelError(ModelError):
    """No model or recipe has that name."""


class NotFittedError(ModelError):
    """The model has not been fitted or loaded yet."""


class NotEnoughDataError(ModelError):
    """There are too few ratings to learn from or to evaluate on."""


class ModelFormatError(ModelError):
    """A saved model's files are missing or of another version."""


class UnknownFilmError(PlaybillError):
    """The release does not hold this film."""


class UnknownUserError(PlaybillError):
    """No list is stored for that user."""
